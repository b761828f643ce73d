// SPDX-License-Identifier: Apache-2.0
// What carbond says about itself, as a text file for the textfile collector of Prometheus' node_exporter: <spool>/carbond.prom.
#pragma once

#include <map>
#include <string>

#include "carbond/job_book.h"

namespace carbon::node {

struct NodeHealth {
  std::map<std::string, std::string> unavailable;  // device -> why
  std::uint64_t outbox_bytes = 0;
  std::uint64_t records_dropped = 0;
};

// carbon_node_imbalance_joules is what a device used, less what jobs and idle were charged: anything but 0 is an error of
// carbond's.
std::string metrics_text(const JobBook& book, const NodeHealth& health);

}  // namespace carbon::node

// SPDX-License-Identifier: Apache-2.0
// What carbond says about itself, as a text file for the textfile collector of Prometheus' node_exporter. docs/monitoring.md.
#pragma once

#include <map>
#include <string>

#include "carbond/job_registry.h"
#include "carbond/outbox.h"

namespace carbon::carbond {

struct NodeHealth {
  std::string node;                                   // as slurm.conf names it
  std::map<std::string, std::string> unavailable;     // device -> why
  std::map<std::string, std::uint64_t> meter_errors;  // device -> readings that failed
  std::map<std::string, std::uint64_t> attempts;      // to ship a record, by how they ended
  Outbox::Standing outbox;
  std::uint64_t records_dropped = 0;
};

// carbon_node_imbalance_joules is what a device used, less what jobs and idle were charged: anything but 0 is an error of
// carbond's.
std::string metrics_text(const JobRegistry& registry, const NodeHealth& health);

}  // namespace carbon::carbond

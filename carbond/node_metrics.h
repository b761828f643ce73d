// SPDX-License-Identifier: Apache-2.0
// Prometheus metrics of carbond, as a text file for node_exporter's textfile collector. docs/monitoring.md.
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
  Outbox::Counts outbox;
  std::uint64_t records_dropped = 0;
};

// carbon_node_imbalance_joules is a device's energy less the energy charged to jobs and idle: anything but 0 is a bug in carbond.
std::string metrics_text(const JobRegistry& registry, const NodeHealth& health);

}  // namespace carbon::carbond

// SPDX-License-Identifier: Apache-2.0
// The part of SlurmApi that reads partitions, nodes and associations, by libslurm. For slurm_api.cpp.
#pragma once

#include "carbonctld/slurm/topology.h"
#include "core/result.h"

namespace carbon::carbonctld::libslurm {

Result<Topology> topology(const std::vector<std::string>& others);
// `db`: a connection to slurmdbd.
Result<std::vector<Association>> associations(void* db, const std::vector<std::string>& clusters);

}  // namespace carbon::carbonctld::libslurm

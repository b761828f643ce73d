// SPDX-License-Identifier: Apache-2.0
// The clusters that libslurm can be made to ask: the own one and others of its federation. For the files that talk libslurm.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/result.h"

namespace carbon::carbonctld::libslurm {

struct ClusterAsked {
  std::string name;          // empty: the own one
  std::uint32_t fed_id = 0;  // its number in the federation; 0: it takes no jobs of it
};

// Calls `ask` once for the own cluster (whose number counts also where no site is of another), whose failure is the outcome, then
// for each of `others` that slurmctld knows as a member of its federation and that takes jobs; meanwhile libslurm's calls go to
// that cluster. One of these that fails is left out, and not asked again for a while.
Status ask_clusters(const std::vector<std::string>& others, const std::function<Status(const ClusterAsked&)>& ask);

}  // namespace carbon::carbonctld::libslurm

// SPDX-License-Identifier: Apache-2.0
// Clusters that libslurm's calls can be directed to: this cluster and others of its federation. For the files that call libslurm.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/result.h"

namespace carbon::carbonctld::libslurm {

struct ClusterAsked {
  std::string name;          // empty: this cluster
  std::uint32_t fed_id = 0;  // its number in the federation; 0: it takes no jobs of it
};

// Calls `ask` first for this cluster; its failure is returned. Then calls it for each of `others` that is a member of the
// federation and accepts jobs, with libslurm's calls directed to that cluster. Another cluster that fails is skipped, and not
// tried again for some time.
Status ask_clusters(const std::vector<std::string>& others, const std::function<Status(const ClusterAsked&)>& ask);

}  // namespace carbon::carbonctld::libslurm

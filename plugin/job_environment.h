// SPDX-License-Identifier: Apache-2.0
// Reads a job's data from the environment of prolog and epilog.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/slurm/job_mark.h"

namespace carbon::plugin {

// getenv, or a test's replacement.
using Environment = std::function<const char*(const char* name)>;

// Cluster, node, user, account, partition, restart, nodes, CPUs and GPUs; the caller sets ids and times. An error if the
// GPUs cannot be parsed: a mark with wrong devices is worse than none.
Result<JobMark> mark_from_environment(const Environment& get);

// SLURM_JOB_ID and SLURM_JOB_UID, for callers without spank_get_item.
struct JobIds {
  std::uint32_t job_id = 0;
  std::uint32_t uid = 0;
};
Result<JobIds> ids_from_environment(const Environment& get);

// The CPUs of `node` in SLURM_JOB_CPUS_PER_NODE ("4(x2),2") whose order is that of the node list ("n[1-2],m7"); none if it is not
// in them.
std::optional<std::uint32_t> cpus_on_node(std::string_view cpus_per_node, std::string_view node_list, std::string_view node);

// The index of `node` in a Slurm node list, from 0. The list is not expanded.
std::optional<std::uint64_t> index_in_node_list(std::string_view list, std::string_view node);

}  // namespace carbon::plugin

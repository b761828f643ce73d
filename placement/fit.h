// SPDX-License-Identifier: Apache-2.0
// Whether a job can run in another site's partition as well as at home: it must not be rejected there, wait forever, or be
// limited to less time. If that is not known, the answer is no.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "placement/gpu_request.h"
#include "snapshot/snapshot.h"

namespace carbon::placement {

// What a job needs of nodes.
struct JobSize {
  std::uint32_t nodes = 1;          // at least
  std::uint32_t cpus = 0;           // in all
  std::uint32_t cpus_per_node = 0;  // at least, on each
  std::uint64_t memory_mb_per_node = 0;
  std::uint64_t memory_mb_per_cpu = 0;
  bool whole_nodes = false;  // --exclusive
};

// The submitting user, as slurmctld knows them.
struct Submitter {
  std::uint32_t uid = 0, gid = 0;
  std::string_view account, qos;  // empty: their default
};

struct Needs {
  JobSize size;
  GpuCount gpus;
  std::vector<std::string_view> features;  // of all its nodes
  Submitter who;
  std::optional<Duration> time_limit;  // none: the partition's
};

// The limit that Slurm sets for a job that requests none; zero: no limit.
Duration limit_without_request(const PartitionLimits& limits);

bool may_use(const Submitter& who, const snapshot::SnapshotContent& snapshot, const PartitionRule& home,
             const PartitionRule& there);
bool has_room(const Needs& needs, const PartitionLimits& home, const PartitionLimits& there);
// Both of the above, and features and limits.
bool fits(const Needs& needs, const snapshot::SnapshotContent& snapshot, const PartitionRule& home, const PartitionRule& there);

// The features that --constraint requires; none if it has alternatives, counts or brackets.
std::optional<std::vector<std::string_view>> plain_constraint(std::string_view constraint);

// GPUs per node; none if nodes differ or it is not known.
std::optional<std::uint32_t> gpus_of_each_node(const PartitionLimits& limits);
// GPUs of all nodes of the partition.
std::uint64_t gpus_of_all_nodes(const PartitionLimits& limits);

}  // namespace carbon::placement

// SPDX-License-Identifier: Apache-2.0
// A partition of a site as slurmctld knows it: who may use it, and what its nodes are. By it a job is relocated only to where it
// can run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/slurm/tres.h"
#include "core/time.h"

namespace carbon::inline core {

// Nodes that are alike.
struct NodeKind {
  std::uint32_t nodes = 0;  // that are neither down nor drained
  std::uint32_t cpus = 0;   // of one node
  std::uint64_t memory_mb = 0;
  std::vector<GpuStock> gpus;
  std::vector<std::string> features;
  bool operator==(const NodeKind&) const = default;
};

struct PartitionLimits {
  Duration default_time{0};     // 0: Slurm gives none
  Duration max_time{0};         // 0: no limit
  std::uint32_t max_nodes = 0;  // of one job; 0: no limit
  bool is_default = false;      // of jobs that name no partition
  bool open = true;             // up, and neither for root nor for reservations alone
  std::string qos;              // the partition's own, with its limits
  std::vector<std::string> allow_accounts, deny_accounts, allow_qos, deny_qos;  // empty: no such rule
  bool some_groups = false;                                                     // AllowGroups
  std::vector<std::uint32_t> group_uids, group_gids;                            // their members, and the groups themselves
  std::vector<NodeKind> kinds;  // at a site of features: of its nodes alone; empty: not known
  bool operator==(const PartitionLimits&) const = default;
};

struct PartitionRule {
  std::string name;
  std::uint32_t site = 0;      // index into the sites
  std::uint32_t position = 0;  // its place in Site::partitions: relocation goes to the same place
  PartitionLimits limits;
};

// Slurm's accounting lets this user use this account.
struct Association {
  std::uint32_t uid = 0;
  std::string cluster, account;
  std::string partition;    // empty: any
  bool is_default = false;  // the account of jobs that name none
  bool operator==(const Association&) const = default;
};

}  // namespace carbon::inline core

// SPDX-License-Identifier: Apache-2.0
// Where jobs can run, as slurmctld tells of it, and who may run them, as slurmdbd does: what the snapshot says of partitions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/partition.h"
#include "core/time.h"

namespace carbon::ctld {

struct PartitionInfo {
  std::string name;
  PartitionLimits limits;  // without kinds
  bool operator==(const PartitionInfo&) const = default;
};

struct SlurmNode {
  std::string name;
  std::vector<std::string> partitions;
  NodeKind kind;  // kind.nodes is 1, or 0 where the node is down or drained
  bool operator==(const SlurmNode&) const = default;
};

struct SlurmPlaces {
  std::vector<PartitionInfo> partitions;
  std::vector<SlurmNode> nodes;
  bool operator==(const SlurmPlaces&) const = default;
};

// The partition with the kinds of its nodes that have all of `features`. No limits where slurmctld does not know it.
PartitionLimits limits_of(const SlurmPlaces& places, const std::string& partition, const std::vector<std::string>& features);

// Features of a node; none where slurmctld does not know it.
const std::vector<std::string>* features_of(const SlurmPlaces& places, const std::string& node);

}  // namespace carbon::ctld

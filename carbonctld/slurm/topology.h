// SPDX-License-Identifier: Apache-2.0
// Topology of the cluster: partitions, nodes and the federation, as slurmctld reports them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/site.h"
#include "core/slurm/partition.h"
#include "core/time.h"

namespace carbon::carbonctld {

struct PartitionInfo {
  std::string name;
  PartitionLimits limits;    // without kinds
  std::string cluster = {};  // of a federation; empty: this cluster
  bool operator==(const PartitionInfo&) const = default;
};

struct SlurmNode {
  std::string name;
  std::vector<std::string> partitions;
  NodeKind kind;  // kind.nodes is 1, or 0 where the node is down or drained
  std::string cluster = {};
  bool operator==(const SlurmNode&) const = default;
};

// A cluster of slurmctld's federation that accepts jobs.
struct FederatedCluster {
  std::string name;      // empty: this cluster
  std::uint32_t id = 0;  // Slurm's number of it, 1 to 63
  bool operator==(const FederatedCluster&) const = default;
};

struct Topology {
  std::vector<PartitionInfo> partitions;
  std::vector<SlurmNode> nodes;
  std::vector<FederatedCluster> federation = {};  // those that answer, this one among them
  bool operator==(const Topology&) const = default;
};

// Limits of a site's partition, with the kinds of its nodes that have all features of the site. Default limits if slurmctld does
// not know the partition.
PartitionLimits limits_of(const Topology& topology, const std::string& partition, const Site& site);

// Number of a cluster (empty: this one) in the federation; 0: it is in none, accepts no jobs, or does not answer.
std::uint32_t fed_id_of(const Topology& topology, const std::string& cluster);

// Features of a node of this cluster; null if slurmctld does not know it.
const std::vector<std::string>* features_of(const Topology& topology, const std::string& node);

// The site of a node of this cluster: the one that has a partition of it and whose features it has. Empty: none, or several.
// None: slurmctld has named no nodes yet.
std::optional<std::string> site_of_node(const Topology& topology, std::span<const Site> sites, const std::string& node);

}  // namespace carbon::carbonctld

// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/slurm/topology.h"

#include <algorithm>

namespace carbon::carbonctld {
namespace {

bool has(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool alike(const NodeKind& a, const NodeKind& b) {
  return a.cpus == b.cpus && a.memory_mb == b.memory_mb && a.gpus == b.gpus && a.features == b.features;
}

}  // namespace

PartitionLimits limits_of(const Topology& topology, const std::string& partition, const Site& site) {
  const auto known = std::find_if(topology.partitions.begin(), topology.partitions.end(),
                                  [&](const auto& p) { return p.name == partition && p.cluster == site.cluster; });
  if (known == topology.partitions.end()) return {};
  auto limits = known->limits;
  for (const auto& node : topology.nodes) {
    const bool here =
        node.cluster == site.cluster && has(node.partitions, partition) &&
        std::all_of(site.features.begin(), site.features.end(), [&](const auto& f) { return has(node.kind.features, f); });
    if (!here) continue;
    const auto same = std::find_if(limits.kinds.begin(), limits.kinds.end(), [&](const auto& k) { return alike(k, node.kind); });
    if (same == limits.kinds.end()) {
      limits.kinds.push_back(node.kind);
    } else {
      same->nodes += node.kind.nodes;
    }
  }
  return limits;
}

std::uint32_t fed_id_of(const Topology& topology, const std::string& cluster) {
  const auto it =
      std::find_if(topology.federation.begin(), topology.federation.end(), [&](const auto& c) { return c.name == cluster; });
  return it == topology.federation.end() ? 0 : it->id;
}

const std::vector<std::string>* features_of(const Topology& topology, const std::string& node) {
  const auto it = std::find_if(topology.nodes.begin(), topology.nodes.end(),
                               [&](const auto& n) { return n.name == node && n.cluster.empty(); });
  return it == topology.nodes.end() ? nullptr : &it->kind.features;
}

std::optional<std::string> site_of_node(const Topology& topology, std::span<const Site> sites, const std::string& node) {
  if (topology.nodes.empty()) return std::nullopt;
  const auto known = std::find_if(topology.nodes.begin(), topology.nodes.end(),
                                  [&](const auto& n) { return n.name == node && n.cluster.empty(); });
  if (known == topology.nodes.end()) return "";
  const auto in = [](const auto& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  std::string found;
  for (const auto& site : sites) {
    const bool here =
        site.cluster.empty() &&
        std::any_of(site.partitions.begin(), site.partitions.end(), [&](const auto& p) { return in(known->partitions, p); }) &&
        std::all_of(site.features.begin(), site.features.end(), [&](const auto& f) { return in(known->kind.features, f); });
    if (!here) continue;
    if (!found.empty()) return "";
    found = site.name;
  }
  return found;
}

}  // namespace carbon::carbonctld

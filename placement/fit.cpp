// SPDX-License-Identifier: Apache-2.0
#include "placement/fit.h"

#include <algorithm>

namespace carbon::placement {
namespace {

std::uint64_t gpus_of(const NodeKind& kind, std::string_view type) {
  std::uint64_t sum = 0;
  for (const auto& gpu : kind.gpus) sum += type.empty() || gpu.type == type ? gpu.count : 0;
  return sum;
}

bool has_features(const NodeKind& kind, const std::vector<std::string_view>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&kind](std::string_view f) {
    return std::find(kind.features.begin(), kind.features.end(), f) != kind.features.end();
  });
}

bool node_suits(const NodeKind& kind, const Needs& needs) {
  const auto& size = needs.size;
  const auto memory = std::max(size.memory_mb_per_node, size.memory_mb_per_cpu * std::max(size.cpus_per_node, 1u));
  return kind.cpus >= size.cpus_per_node && kind.memory_mb >= memory && gpus_of(kind, "") >= needs.gpus.per_node &&
         has_features(kind, needs.features);
}

bool has_type(const std::vector<NodeKind>& kinds, const std::string& type) {
  return std::any_of(kinds.begin(), kinds.end(), [&](const auto& k) {
    return std::any_of(k.gpus.begin(), k.gpus.end(), [&](const auto& g) { return g.type == type; });
  });
}

// A job that names no type expects those that it finds at home.
bool knows_all_types(const PartitionLimits& home, const PartitionLimits& there) {
  for (const auto& kind : there.kinds) {
    for (const auto& gpu : kind.gpus) {
      if (!has_type(home.kinds, gpu.type)) return false;
    }
  }
  return true;
}

// A rule that holds at home too changes nothing.
bool passes(const std::vector<std::string>& allow, const std::vector<std::string>& deny, std::string_view name) {
  return (allow.empty() || listed(allow, name)) && !listed(deny, name);
}

bool account_passes(const Submitter& who, const snapshot::SnapshotContent& snapshot, const PartitionLimits& there,
                    const std::string& cluster) {
  if (!who.account.empty()) return passes(there.allow_accounts, there.deny_accounts, who.account);
  const auto is_his = [&](const std::string& a) { return snapshot.associations.is_default(who.uid, cluster, a); };
  const auto &allow = there.allow_accounts, &deny = there.deny_accounts;
  if (!deny.empty() && snapshot.associations.size() == 0) return false;
  return (allow.empty() || std::any_of(allow.begin(), allow.end(), is_his)) && std::none_of(deny.begin(), deny.end(), is_his);
}

bool group_passes(const Submitter& who, const PartitionLimits& there) {
  const auto has = [](const auto& list, std::uint32_t id) { return std::find(list.begin(), list.end(), id) != list.end(); };
  return !there.some_groups || has(there.group_uids, who.uid) || has(there.group_gids, who.gid);
}

bool time_fits(const std::optional<Duration>& asked, const PartitionLimits& home, const PartitionLimits& there) {
  const auto limit = asked.value_or(limit_without_request(home));
  if (there.max_time > Duration::zero() && there.max_time < limit) return false;
  return asked || limit_without_request(there) == limit_without_request(home);
}

}  // namespace

Duration limit_without_request(const PartitionLimits& limits) {
  return limits.default_time > Duration::zero() ? limits.default_time : limits.max_time;
}

bool may_use(const Submitter& who, const snapshot::SnapshotContent& snapshot, const PartitionRule& home,
             const PartitionRule& there) {
  const auto &here_limits = home.limits, &limits = there.limits;
  const auto& site = snapshot.sites[there.site];
  const auto& cluster = site.cluster.empty() ? snapshot.cluster : site.cluster;
  if (!limits.open || (!limits.qos.empty() && limits.qos != here_limits.qos)) return false;
  const bool same_accounts =
      limits.allow_accounts == here_limits.allow_accounts && limits.deny_accounts == here_limits.deny_accounts;
  if (!same_accounts && !account_passes(who, snapshot, limits, cluster)) return false;
  const bool same_qos = limits.allow_qos == here_limits.allow_qos && limits.deny_qos == here_limits.deny_qos;
  if (!same_qos && (who.qos.empty() || !passes(limits.allow_qos, limits.deny_qos, who.qos))) return false;
  if (!group_passes(who, limits)) return false;
  return !snapshot.associations_enforced || snapshot.associations.allow(who.uid, cluster, who.account, there.name);
}

bool has_room(const Needs& needs, const PartitionLimits& home, const PartitionLimits& there) {
  if (there.max_nodes > 0 && there.max_nodes < needs.size.nodes) return false;
  if (needs.gpus.types.empty() && !knows_all_types(home, there)) return false;
  std::uint64_t nodes = 0, cpus = 0, gpus = 0;
  for (const auto& kind : there.kinds) {
    if (!node_suits(kind, needs)) continue;
    nodes += kind.nodes;
    cpus += std::uint64_t{kind.nodes} * kind.cpus;
    gpus += kind.nodes * gpus_of(kind, "");
  }
  if (nodes == 0 || nodes < needs.size.nodes || cpus < needs.size.cpus || gpus < needs.gpus.count) return false;
  return std::all_of(needs.gpus.types.begin(), needs.gpus.types.end(), [&](const GpuStock& wanted) {
    std::uint64_t of_type = 0;
    for (const auto& kind : there.kinds) {
      if (node_suits(kind, needs)) of_type += kind.nodes * gpus_of(kind, wanted.type);
    }
    return of_type >= wanted.count;
  });
}

bool fits(const Needs& needs, const snapshot::SnapshotContent& snapshot, const PartitionRule& home, const PartitionRule& there) {
  return time_fits(needs.time_limit, home.limits, there.limits) && may_use(needs.who, snapshot, home, there) &&
         has_room(needs, home.limits, there.limits);
}

std::optional<std::vector<std::string_view>> plain_constraint(std::string_view constraint) {
  std::vector<std::string_view> features;
  if (constraint.find_first_of("|[]()*!\"' \t\n") != std::string_view::npos) return std::nullopt;
  while (!constraint.empty()) {
    const auto end = std::min(constraint.find_first_of("&,"), constraint.size());
    if (end == 0) return std::nullopt;
    features.push_back(constraint.substr(0, end));
    constraint.remove_prefix(std::min(end + 1, constraint.size()));
  }
  return features;
}

std::optional<std::uint32_t> gpus_of_each_node(const PartitionLimits& limits) {
  std::optional<std::uint32_t> each;
  for (const auto& kind : limits.kinds) {
    const auto gpus = static_cast<std::uint32_t>(std::min<std::uint64_t>(gpus_of(kind, ""), 1'000'000));
    if (each && *each != gpus) return std::nullopt;
    each = gpus;
  }
  return each;
}

std::uint64_t gpus_of_all_nodes(const PartitionLimits& limits) {
  std::uint64_t sum = 0;
  for (const auto& kind : limits.kinds) sum += kind.nodes * gpus_of(kind, "");
  return sum;
}

}  // namespace carbon::placement

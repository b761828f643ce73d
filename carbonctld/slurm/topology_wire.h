// SPDX-License-Identifier: Apache-2.0
// Topology and associations as JSON, between the daemon and its helper process for libslurm. For slurm_child.cpp.
#pragma once

#include <nlohmann/json.hpp>

#include "carbonctld/slurm/topology.h"

namespace carbon {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GpuStock, type, count)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NodeKind, nodes, cpus, memory_mb, gpus, features)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Association, uid, cluster, account, partition, is_default)

inline void to_json(nlohmann::json& j, const PartitionLimits& l) {
  j = {{"default_time", l.default_time.count()},
       {"max_time", l.max_time.count()},
       {"max_nodes", l.max_nodes},
       {"is_default", l.is_default},
       {"open", l.open},
       {"qos", l.qos},
       {"allow_accounts", l.allow_accounts},
       {"deny_accounts", l.deny_accounts},
       {"allow_qos", l.allow_qos},
       {"deny_qos", l.deny_qos},
       {"some_groups", l.some_groups},
       {"group_uids", l.group_uids},
       {"group_gids", l.group_gids},
       {"kinds", l.kinds}};
}
inline void from_json(const nlohmann::json& j, PartitionLimits& l) {
  l.default_time = Duration(j.at("default_time").get<std::int64_t>());
  l.max_time = Duration(j.at("max_time").get<std::int64_t>());
  j.at("max_nodes").get_to(l.max_nodes);
  j.at("is_default").get_to(l.is_default);
  j.at("open").get_to(l.open);
  j.at("qos").get_to(l.qos);
  j.at("allow_accounts").get_to(l.allow_accounts);
  j.at("deny_accounts").get_to(l.deny_accounts);
  j.at("allow_qos").get_to(l.allow_qos);
  j.at("deny_qos").get_to(l.deny_qos);
  j.at("some_groups").get_to(l.some_groups);
  j.at("group_uids").get_to(l.group_uids);
  j.at("group_gids").get_to(l.group_gids);
  j.at("kinds").get_to(l.kinds);
}

}  // namespace carbon

namespace carbon::carbonctld {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PartitionInfo, name, limits, cluster)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SlurmNode, name, partitions, kind, cluster)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FederatedCluster, name, id)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Topology, partitions, nodes, federation)

}  // namespace carbon::carbonctld

// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/slurm/topology_api.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <map>
#include <optional>

#include "carbonctld/slurm/slurm_federation_api.h"
#include "carbonctld/slurm/slurm_list.h"
#include "carbonctld/slurm/slurm_text.h"
#include "core/slurm/tres.h"

namespace carbon::carbonctld::libslurm {
namespace {

std::vector<std::string> names(const char* list) {
  std::vector<std::string> out;
  std::string_view rest = list == nullptr ? "" : list;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    if (end > 0) out.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

// Groups and their members. Users with a group as their primary group are known by its gid.
void read_groups(const char* list, PartitionLimits& limits) {
  for (const auto& name : names(list)) {
    limits.some_groups = true;
    const auto* group = getgrnam(name.c_str());
    if (group == nullptr) continue;
    limits.group_gids.push_back(group->gr_gid);
    std::vector<std::string> members;
    for (char** m = group->gr_mem; *m != nullptr; ++m) members.emplace_back(*m);
    for (const auto& member : members) {
      if (const auto* user = getpwnam(member.c_str())) limits.group_uids.push_back(user->pw_uid);
    }
  }
}

PartitionInfo partition_of(const partition_info_t& p) {
  PartitionInfo out{text(p.name), {}};
  auto& limits = out.limits;
  limits.default_time = minutes_or_zero(p.default_time);
  limits.max_time = minutes_or_zero(p.max_time);
  limits.max_nodes = p.max_nodes == NO_VAL || p.max_nodes == INFINITE ? 0 : p.max_nodes;
  limits.is_default = (p.flags & PART_FLAG_DEFAULT) != 0;
  limits.open = p.state_up == PARTITION_UP && (p.flags & (PART_FLAG_ROOT_ONLY | PART_FLAG_REQ_RESV)) == 0;
  limits.qos = text(p.qos_char);
  limits.allow_accounts = names(p.allow_accounts);
  limits.deny_accounts = names(p.deny_accounts);
  limits.allow_qos = names(p.allow_qos);
  limits.deny_qos = names(p.deny_qos);
  read_groups(p.allow_groups, limits);
  return out;
}

// Each type of "gpu:a100:4(S:0-1),gpu:2", and what has none.
std::vector<GpuStock> gpus_of(const char* gres) {
  auto gpus = gpus_in_gres(text(gres)).value_or(GpuSum{});
  for (const auto& of_type : gpus.types) gpus.count -= of_type.count;
  if (gpus.count > 0) gpus.types.push_back({"", gpus.count});
  return gpus.types;
}

bool usable(std::uint32_t state) {
  const auto base = state & NODE_STATE_BASE;
  return base != NODE_STATE_DOWN && base != NODE_STATE_UNKNOWN && base != NODE_STATE_FUTURE &&
         (state & (NODE_STATE_DRAIN | NODE_STATE_FAIL)) == 0;
}

SlurmNode node_of(const node_info_t& n) {
  NodeKind kind{usable(n.node_state) ? 1u : 0u, n.cpus, n.real_memory, gpus_of(n.gres),
                names(n.features_act != nullptr ? n.features_act : n.features)};
  return {text(n.name), names(n.partitions), std::move(kind)};
}

// On a failure `out` is unchanged.
Status load(Topology& out, const std::string& cluster) {
  partition_info_msg_t* partitions = nullptr;
  errno = 0;
  if (slurm_load_partitions(0, &partitions, SHOW_ALL | SHOW_LOCAL) != SLURM_SUCCESS)
    return failed("ask slurmctld for partitions");
  node_info_msg_t* nodes = nullptr;
  const bool loaded = slurm_load_node(0, &nodes, SHOW_ALL | SHOW_LOCAL) == SLURM_SUCCESS;
  const auto error = loaded ? Error{} : failed("ask slurmctld for nodes");
  if (loaded) {
    slurm_populate_node_partitions(nodes, partitions);
    for (std::uint32_t i = 0; i < partitions->record_count; ++i) {
      out.partitions.push_back(partition_of(partitions->partition_array[i]));
      out.partitions.back().cluster = cluster;
    }
    for (std::uint32_t i = 0; i < nodes->record_count; ++i) {
      if (nodes->node_array[i].name == nullptr) continue;
      out.nodes.push_back(node_of(nodes->node_array[i]));
      out.nodes.back().cluster = cluster;
    }
    slurm_free_node_info_msg(nodes);
  }
  slurm_free_partition_info_msg(partitions);
  if (!loaded) return error;
  return Done{};
}

}  // namespace

Result<Topology> topology(const std::vector<std::string>& others) {
  Topology out;
  const auto asked = ask_clusters(others, [&](const ClusterAsked& cluster) {
    const auto loaded = load(out, cluster.name);
    if (loaded && cluster.fed_id != 0) out.federation.push_back({cluster.name, cluster.fed_id});
    return loaded;
  });
  if (!asked) return asked.error();
  return out;
}

Result<std::vector<Association>> associations(void* db, const std::vector<std::string>& clusters) {
  auto wanted = clusters;
  const SlurmList list(slurm_list_create(nullptr));
  for (auto& name : wanted) slurm_list_append(list.get(), name.data());
  slurmdb_assoc_cond_t condition{};
  condition.cluster_list = list.get();
  without_parent_limits(condition);
  errno = 0;
  const SlurmList found(slurmdb_associations_get(db, &condition));
  if (!found) return failed("ask slurmdbd for associations");
  std::vector<Association> out;
  std::map<std::string, std::optional<std::uint32_t>> uids;
  found.each<const slurmdb_assoc_rec_t>([&](const auto& a) {
    const auto user = text(a.user);
    if (user.empty()) return;  // the association of an account itself
    const auto [known, fresh] = uids.try_emplace(user);
    if (const auto* entry = fresh ? getpwnam(user.c_str()) : nullptr) known->second = entry->pw_uid;
    if (known->second) out.push_back({*known->second, text(a.cluster), text(a.acct), text(a.partition), a.is_def == 1});
  });
  return out;
}

}  // namespace carbon::carbonctld::libslurm

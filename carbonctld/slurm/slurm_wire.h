// SPDX-License-Identifier: Apache-2.0
// Messages between the daemon and its helper process for libslurm, as JSON values. For slurm_child.cpp.
#pragma once

#include <nlohmann/json.hpp>

#include "carbonctld/slurm/slurm_api.h"

namespace nlohmann {

template <>
struct adl_serializer<carbon::Instant> {
  static void to_json(json& j, carbon::Instant t) { j = carbon::unix_ms(t); }
  static void from_json(const json& j, carbon::Instant& t) { t = carbon::from_unix_ms(j.get<std::int64_t>()); }
};

template <>
struct adl_serializer<carbon::Duration> {
  static void to_json(json& j, carbon::Duration d) { j = d.count(); }
  static void from_json(const json& j, carbon::Duration& d) { d = carbon::Duration(j.get<std::int64_t>()); }
};

template <class T>
struct adl_serializer<std::optional<T>> {
  static void to_json(json& j, const std::optional<T>& value) { j = value ? json(*value) : json(); }
  static void from_json(const json& j, std::optional<T>& value) {
    value = j.is_null() ? std::optional<T>() : std::optional<T>(j.get<T>());
  }
};

}  // namespace nlohmann

namespace carbon::carbonctld {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SlurmJob, cluster, job_id, uid, array, whole_array, het, submit, start, end, admin_comment,
                                   name, state, exit_code, qos, wckey, comment)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EndedJob, job_id, start, end, user, account, partition, qos, wckey, state, gpus)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Privacy, jobs, usage, users, accounts)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SlurmSettings, slurm_user, privacy, associations_enforced)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SlurmRights, operates, coordinates, privacy)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(QueuedJob, id, job_id, array_job_id, tasks, heterogeneous, batch, state, name, user, account,
                                   qos, partition, features, dependency, reservation, node, uid, gpus, held, may_requeue,
                                   priority, nice, restarts, submit, begin, started, limit, admin_comment, cluster, federated,
                                   stranded)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GpuNode, name, partitions, features, gpus, cluster)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SlurmQueue, jobs, nodes, others, controllers, active)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(JobChange, id, begin, partition, features, clusters, admin_comment, priority, nice)

}  // namespace carbon::carbonctld

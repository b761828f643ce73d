// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/slurm/slurm_federation_api.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "carbonctld/slurm/slurm_list.h"
#include "carbonctld/slurm/slurm_text.h"

namespace carbon::carbonctld::libslurm {
namespace {

using Clock = std::chrono::steady_clock;

// libslurm tries for ten seconds to connect to a cluster that is down, so it is not tried in each round.
constexpr auto kRetryAfter = std::chrono::minutes(2);

class Federation {
 public:
  Federation() {
    if (slurm_load_federation(&loaded_) != SLURM_SUCCESS) loaded_ = nullptr;
    const auto* federation = static_cast<const slurmdb_federation_rec_t*>(loaded_);
    if (federation == nullptr || federation->cluster_list == nullptr) return;
    each_of<slurmdb_cluster_rec_t>(federation->cluster_list, [&](auto& cluster) { members_.push_back(&cluster); });
  }
  ~Federation() {
    if (loaded_ != nullptr) slurm_destroy_federation_rec(loaded_);
  }
  Federation(const Federation&) = delete;
  Federation& operator=(const Federation&) = delete;

  // Null: it is not a member, or accepts no jobs.
  slurmdb_cluster_rec_t* find(const std::string& name) const {
    const auto it = std::find_if(members_.begin(), members_.end(), [&](const auto* c) { return text(c->name) == name; });
    if (it == members_.end()) return nullptr;
    const auto state = (*it)->fed.state;
    const bool open = (state & CLUSTER_FED_STATE_BASE) == CLUSTER_FED_STATE_ACTIVE && (state & CLUSTER_FED_STATE_DRAIN) == 0;
    return open ? *it : nullptr;
  }

 private:
  void* loaded_ = nullptr;
  std::vector<slurmdb_cluster_rec_t*> members_;
};

// Directs libslurm's calls to this cluster.
class Asking {
 public:
  explicit Asking(slurmdb_cluster_rec_t* cluster) { working_cluster_rec = cluster; }
  ~Asking() { working_cluster_rec = nullptr; }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
};

// ClusterName of slurm.conf. It does not change while slurmctld runs.
const std::string& own_name() {
  static std::string name;
  slurm_conf_t* conf = nullptr;
  if (name.empty() && slurm_load_ctl_conf(0, &conf) == SLURM_SUCCESS) {
    name = text(conf->cluster_name);
    free_slurm_settings(conf);
  }
  return name;
}

bool has_controller(const slurmdb_cluster_rec_t& cluster) {
  return cluster.control_host != nullptr && *cluster.control_host != '\0' && cluster.control_port != 0;
}

}  // namespace

Status ask_clusters(const std::vector<std::string>& others, const std::function<Status(const ClusterAsked&)>& ask) {
  static std::map<std::string, Clock::time_point> silent;  // cluster -> when to try it again
  const Federation federation;
  const auto* own = federation.find(own_name());
  const auto asked = ask({"", own == nullptr ? 0 : own->fed.id});
  if (!asked) return asked;
  for (const auto& name : others) {
    auto* cluster = federation.find(name);
    if (cluster == nullptr || !has_controller(*cluster)) continue;
    const auto at = silent.find(name);
    if (at != silent.end() && Clock::now() < at->second) continue;
    const Asking asking(cluster);
    if (ask({name, cluster->fed.id})) {
      silent.erase(name);
    } else {
      silent[name] = Clock::now() + kRetryAfter;
    }
  }
  return Done{};
}

}  // namespace carbon::carbonctld::libslurm

// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/slurm/slurm_state.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

constexpr Duration kRetry = 5s;
constexpr int kAssociationsEach = 5;  // multiple of `fresh`: there are many associations, and they change rarely

}  // namespace

bool SlurmState::refresh(Instant now) {
  const bool changed = refresh_topology(now);
  return refresh_associations(now) || changed;
}

bool SlurmState::refresh_topology(Instant now) {
  if (now < next_topology_) return false;
  auto topology = slurmctld_.topology({clusters_.begin() + (clusters_.empty() ? 0 : 1), clusters_.end()});
  const auto settings = topology ? slurmctld_.settings() : Result<SlurmSettings>(topology.error());
  next_topology_ = now + (settings ? fresh_ : std::min(kRetry, fresh_));
  const std::lock_guard lock(mutex_);
  const auto state = settings ? "ok" : settings.error().message;
  if (state != state_) {
    settings ? spdlog::info("slurmctld answers partitions={} nodes={}", topology->partitions.size(), topology->nodes.size())
             : spdlog::warn("{}; {}", state, settings_ ? "using its last answer" : "time limits are not known yet");
  }
  state_ = state;
  if (!settings) return false;
  const bool changed =
      *topology != *topology_ || !settings_ || settings_->associations_enforced != settings->associations_enforced;
  settings_ = *settings;
  if (changed) topology_ = std::make_shared<Topology>(std::move(*topology));
  return changed;
}

bool SlurmState::refresh_associations(Instant now) {
  const auto known = settings();
  if (!known || !known->associations_enforced || now < next_associations_) return false;
  auto list = slurmdbd_.associations(clusters_);
  next_associations_ = now + (list ? fresh_ * kAssociationsEach : fresh_);
  const std::lock_guard lock(mutex_);
  if (slurmdbd_answers_ && !list) {
    spdlog::warn("{}; {}", list.error().message,
                 associations_->empty() ? "no job is relocated until users' associations are known" : "using its last answer");
  }
  slurmdbd_answers_ = list.ok();
  if (!list || *list == *associations_) return false;
  associations_ = std::make_shared<std::vector<Association>>(std::move(*list));
  return true;
}

std::shared_ptr<const Topology> SlurmState::topology() const {
  const std::lock_guard lock(mutex_);
  return topology_;
}

std::shared_ptr<const std::vector<Association>> SlurmState::associations() const {
  const std::lock_guard lock(mutex_);
  return associations_;
}

std::optional<SlurmSettings> SlurmState::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

std::string SlurmState::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace carbon::carbonctld

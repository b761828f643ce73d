// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/slurm_state.h"

#include <spdlog/spdlog.h>

namespace carbon::ctld {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFresh = 1min;
constexpr Duration kRetry = 5s;

}  // namespace

bool SlurmState::refresh(Instant now) {
  if (now < next_) return false;
  auto partitions = slurm_.partitions();
  const auto settings = partitions ? slurm_.settings() : Result<SlurmSettings>(partitions.error());
  next_ = now + (settings ? kFresh : kRetry);
  const std::lock_guard lock(mutex_);
  const auto state = settings ? "ok" : settings.error().message;
  if (state != state_) {
    settings ? spdlog::info("slurmctld answers partitions={}", partitions->size())
             : spdlog::warn("{}; {}", state, settings_ ? "what it said last stands" : "time limits are not known yet");
  }
  state_ = state;
  if (!settings) return false;
  settings_ = *settings;
  const bool changed = *partitions != partitions_;
  partitions_ = std::move(*partitions);
  return changed;
}

std::vector<SlurmPartition> SlurmState::partitions() const {
  const std::lock_guard lock(mutex_);
  return partitions_;
}

std::optional<SlurmSettings> SlurmState::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

std::string SlurmState::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace carbon::ctld

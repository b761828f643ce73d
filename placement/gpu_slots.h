// SPDX-License-Identifier: Apache-2.0
// Resource profile of one partition at one site: GPU time reserved by starts, in slots of five minutes over a week.
//
// It is separate from planner/resource_profile.h on purpose: slurmctld holds its locks while this one is used, so it has a fixed
// size and allocates nothing; slots record fractions of their time, and there is no cost to search for.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/time.h"

namespace carbon::placement {

class GpuSlots {
 public:
  void forget_before(Instant now);

  // The first start from `start` to `latest` at which `gpus` fit into `capacity` for `runtime`; none: they never fit. Time beyond
  // the week counts as free.
  std::optional<Instant> first_fit(Instant start, Instant latest, Duration runtime, double gpus, double capacity) const;

  void add(Instant start, Duration runtime, double gpus);

 private:
  static constexpr std::int64_t kCount = 2048;

  double& reserved(std::int64_t slot) { return reserved_[static_cast<std::size_t>(slot % kCount)]; }
  double reserved(std::int64_t slot) const { return reserved_[static_cast<std::size_t>(slot % kCount)]; }
  std::int64_t last_of(Instant end) const;
  // The first slot that lacks GPUs for a job that starts at `start`; none: it fits.
  std::optional<std::int64_t> first_full(Instant start, Duration runtime, double gpus, double capacity) const;

  std::int64_t first_ = 0;                 // slots are counted from the epoch
  std::array<double, kCount> reserved_{};  // GPU-seconds
};

}  // namespace carbon::placement

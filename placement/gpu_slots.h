// SPDX-License-Identifier: Apache-2.0
// GPU time that was given out at one place, in slots of five minutes over a week: enough to see where a start still finds room.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/time.h"

namespace carbon::placement {

class GpuSlots {
 public:
  void forget_before(Instant now);

  // The first start from `start` to `latest` from which on `gpus` fit into `capacity` for `runtime`; none: there is none. What
  // lies beyond the week is taken to be free.
  std::optional<Instant> room(Instant start, Instant latest, Duration runtime, double gpus, double capacity) const;

  void add(Instant start, Duration runtime, double gpus);

 private:
  static constexpr std::int64_t kCount = 2048;

  double& taken(std::int64_t slot) { return taken_[static_cast<std::size_t>(slot % kCount)]; }
  double taken(std::int64_t slot) const { return taken_[static_cast<std::size_t>(slot % kCount)]; }
  bool holds(std::int64_t slot) const { return slot >= first_ && slot < first_ + kCount; }
  std::int64_t last_of(Instant end) const;
  // The first slot that a job begun at `start` finds full; none: it fits.
  std::optional<std::int64_t> full(Instant start, Duration runtime, double gpus, double capacity) const;

  std::int64_t first_ = 0;              // slots are counted from the epoch
  std::array<double, kCount> taken_{};  // GPU-seconds
};

}  // namespace carbon::placement

// SPDX-License-Identifier: Apache-2.0
#include "placement/gpu_slots.h"

#include <algorithm>

#include "core/units.h"

namespace carbon::placement {
namespace {

constexpr Duration kSlot = std::chrono::minutes(5);

std::int64_t slot_of(Instant t) { return t.time_since_epoch() / kSlot; }
Instant start_of(std::int64_t slot) { return Instant(slot * kSlot); }

double seconds_in(std::int64_t slot, Instant start, Instant end) {
  return seconds(std::min(end, start_of(slot + 1)) - std::max(start, start_of(slot)));
}

}  // namespace

void GpuSlots::forget_before(Instant now) {
  const auto slot = slot_of(now);
  if (slot < first_ || slot >= first_ + kCount) reserved_.fill(0);  // the clock jumped, or no job came for a week
  for (auto s = first_; s < slot && s < first_ + kCount; ++s) reserved(s) = 0;
  first_ = slot;
}

std::int64_t GpuSlots::last_of(Instant end) const { return std::min(slot_of(end - Duration(1)), first_ + kCount - 1); }

std::optional<std::int64_t> GpuSlots::first_full(Instant start, Duration runtime, double gpus, double capacity) const {
  const auto end = start + runtime;
  for (auto slot = std::max(slot_of(start), first_); slot <= last_of(end); ++slot) {
    if (reserved(slot) + gpus * seconds_in(slot, start, end) > capacity * seconds(kSlot)) return slot;
  }
  return std::nullopt;
}

std::optional<Instant> GpuSlots::first_fit(Instant start, Instant latest, Duration runtime, double gpus, double capacity) const {
  while (start <= latest) {
    const auto blocking = first_full(start, runtime, gpus, capacity);
    if (!blocking) return start;
    start = start_of(*blocking + 1);
  }
  return std::nullopt;
}

void GpuSlots::add(Instant start, Duration runtime, double gpus) {
  const auto end = start + runtime;
  for (auto slot = std::max(slot_of(start), first_); slot <= last_of(end); ++slot)
    reserved(slot) += gpus * seconds_in(slot, start, end);
}

}  // namespace carbon::placement

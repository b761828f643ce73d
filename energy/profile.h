// SPDX-License-Identifier: Apache-2.0
// Energy profile of one job on one device: whole millijoules per interval. Interval k covers
// [first + k*step, first + (k+1)*step); first is a multiple of step since 1970.
#pragma once

#include <cstdint>
#include <vector>

#include "core/time.h"

namespace carbon::energy {

constexpr Instant floor_to(Instant t, Duration step) {
  const auto ms = unix_ms(t);
  const auto rest = ms % step.count();
  return from_unix_ms(ms - (rest < 0 ? rest + step.count() : rest));
}

// Energy more than this many intervals away from the profile is added to its nearest interval, so a clock that jumps by years
// does not cost memory. 100 000 intervals of five minutes are 347 days.
inline constexpr std::int64_t kMaxJump = 100'000;

class Profile {
 public:
  Profile() = default;
  explicit Profile(Duration step) : step_(step) {}
  Profile(Duration step, Instant first, std::vector<std::int64_t> mj, std::vector<std::int64_t> idle_ms)
      : step_(step), first_(first), mj_(std::move(mj)), idle_ms_(std::move(idle_ms)) {}

  // Adds to the interval that contains `t`; both may be negative (a correction).
  void add(Instant t, std::int64_t mj, Duration idle);
  // Adds `mj` evenly over [from, to); if that is empty, all at `from`.
  void spread(Instant from, Instant to, std::int64_t mj);
  // Drops all but the last `intervals`.
  void keep_last(std::size_t intervals);
  // After a stepped clock: moves energy outside [start, end] into the first or last interval of that range.
  void fit_into(Instant start, Instant end);

  std::int64_t at(Instant t) const;  // mJ of the interval that contains t; 0 if nothing was added

  Duration step() const { return step_; }
  Instant first() const { return first_; }
  const std::vector<std::int64_t>& mj() const { return mj_; }
  const std::vector<std::int64_t>& idle_ms() const { return idle_ms_; }
  std::int64_t total_mj() const;

 private:
  Duration step_{0};
  Instant first_{};
  std::vector<std::int64_t> mj_;
  std::vector<std::int64_t> idle_ms_;
};

}  // namespace carbon::energy

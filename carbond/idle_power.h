// SPDX-License-Identifier: Apache-2.0
// Power that a device draws while no job has it: the lower quartile of the means of its last idle minutes. The quartile, since a
// GPU is warm after a job, and may be used past Slurm.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/time.h"
#include "core/units.h"

namespace carbon::carbond {

class IdlePower {
 public:
  IdlePower() = default;
  explicit IdlePower(std::vector<double> minutes, std::optional<Watts> first = {})
      : minutes_(std::move(minutes)), first_(first) {}

  // The device drew `mj` in `length`, and no job had it.
  void add(Duration length, std::int64_t mj) {
    length_ += length;
    mj_ += mj;
    if (minutes_.empty() && length_ >= kLeast) first_ = Watts(static_cast<double>(mj_) / static_cast<double>(length_.count()));
    if (length_ < kMinute) return;
    if (minutes_.size() >= kMinutes) minutes_.erase(minutes_.begin());
    minutes_.push_back(static_cast<double>(mj_) / static_cast<double>(length_.count()));
    interrupt();
  }
  // A job has it, or what it drew is not known: the minute that has begun does not count.
  void interrupt() {
    length_ = Duration(0);
    mj_ = 0;
  }

  // Until the first whole minute, the mean of the last idle time of at least ten seconds; none before that.
  std::optional<Watts> watts() const {
    if (minutes_.empty()) return first_;
    auto sorted = minutes_;
    std::sort(sorted.begin(), sorted.end());
    return Watts(sorted[sorted.size() / 4]);
  }
  std::optional<Watts> first() const { return first_; }            // of ten seconds or more, until there is a whole minute
  const std::vector<double>& minutes() const { return minutes_; }  // mean watts, oldest first

 private:
  static constexpr Duration kLeast{10'000};
  static constexpr Duration kMinute{60'000};
  static constexpr std::size_t kMinutes = 60;

  std::vector<double> minutes_;
  std::optional<Watts> first_;
  Duration length_{0};
  std::int64_t mj_ = 0;
};

}  // namespace carbon::carbond

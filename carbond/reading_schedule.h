// SPDX-License-Identifier: Apache-2.0
// Schedule of the readings: when the next round is due, and which devices it reads. Rounds are jittered, so a load with a period
// of its own cannot hide between readings. A device is read at most once per interval on average: the extra calls of a counter
// update search are paid back by leaving out every second reading.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "core/time.h"

namespace carbon::carbond {

class ReadingSchedule {
 public:
  ReadingSchedule(Duration interval, std::uint64_t seed) : interval_(interval), random_(seed) {}

  // All times are CLOCK_BOOTTIME.
  Duration next() const { return next_; }
  void begin_round(Duration now);
  // Once per device and round: whether this round reads it. If so, the reading is charged.
  bool reads(const std::string& device, Duration now);
  // Calls into the driver beyond the reading of a round.
  void charge(const std::string& device, std::uint32_t calls) { credit_[device] -= static_cast<int>(calls); }

 private:
  static constexpr int kMaxCredit = 1;

  Duration interval_;
  std::mt19937_64 random_;
  Duration base_{0};
  Duration next_{0};
  std::map<std::string, int> credit_;  // calls that each device has left; negative: it owes some
};

inline void ReadingSchedule::begin_round(Duration now) {
  base_ = std::max(base_ + interval_, now);
  const auto quarter = interval_.count() / 4;
  next_ = base_ + interval_ + Duration(std::uniform_int_distribution<std::int64_t>(-quarter, quarter)(random_));
}

inline bool ReadingSchedule::reads(const std::string& device, Duration now) {
  auto [credit, is_new] = credit_.try_emplace(device, kMaxCredit);
  if (!is_new) credit->second = std::min(credit->second + 1, kMaxCredit);
  const bool in_debt = credit->second < kMaxCredit;
  const bool odd = (now / interval_) % 2 != 0;
  if (in_debt && odd) return false;
  --credit->second;
  return true;
}

}  // namespace carbon::carbond

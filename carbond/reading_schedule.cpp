// SPDX-License-Identifier: Apache-2.0
#include "carbond/reading_schedule.h"

#include <algorithm>

namespace carbon::carbond {
namespace {

constexpr int kMaxCredit = 1;

}  // namespace

void ReadingSchedule::begin_round(Duration now) {
  base_ = std::max(base_ + interval_, now);
  const auto quarter = interval_.count() / 4;
  next_ = base_ + interval_ + Duration(std::uniform_int_distribution<std::int64_t>(-quarter, quarter)(random_));
}

bool ReadingSchedule::reads(const std::string& device, Duration now) {
  auto [credit, is_new] = credit_.try_emplace(device, kMaxCredit);
  if (!is_new) credit->second = std::min(credit->second + 1, kMaxCredit);
  const bool in_debt = credit->second < kMaxCredit;
  const bool odd = (now / interval_) % 2 != 0;
  if (in_debt && odd) return false;
  --credit->second;
  return true;
}

}  // namespace carbon::carbond

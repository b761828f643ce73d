// SPDX-License-Identifier: Apache-2.0
#include "placement/start_reservations.h"

#include <algorithm>

namespace carbon::placement {
namespace {

constexpr std::uint32_t kAtOnce = 2;        // jobs that may begin in one second at one site
constexpr std::int64_t kSpread = 300;       // seconds by which a start moves for it
constexpr std::int64_t kForgetEvery = 60;   // seconds; what is past is in nobody's way until then
constexpr std::size_t kMostKept = 100'000;  // seconds with starts; beyond, the book forgets

std::int64_t second_of(Instant t) { return unix_ms(t) / 1000; }

}  // namespace

void StartReservations::forget_before(Instant now) {
  const auto second = second_of(now);
  if (now >= now_ && second / kForgetEvery == second_of(now_) / kForgetEvery) return;
  now_ = now;
  beginning_.erase(beginning_.begin(), beginning_.lower_bound({second, 0}));
  std::erase_if(full_, [second](const auto& run) { return run.second <= second; });
  if (beginning_.size() + full_.size() > kMostKept) {
    beginning_.clear();
    full_.clear();
  }
  for (auto& [place, slots] : given_) slots.forget_before(now);
}

Instant StartReservations::place(const Stay& unchanged, Instant start, Instant latest) const {
  return least_crowded(unchanged.site, with_room(unchanged, start, latest), latest);
}

Instant StartReservations::with_room(const Stay& unchanged, Instant start, Instant latest) const {
  const auto slots = given_.find({std::string(unchanged.partition), unchanged.site});
  if (slots == given_.end() || unchanged.capacity < unchanged.gpus) return start;
  return slots->second.room(start, latest, unchanged.runtime, unchanged.gpus, unchanged.capacity).value_or(start);
}

Instant StartReservations::least_crowded(std::size_t site, Instant start, Instant latest) const {
  const auto first = second_of(start), last = std::max(first, std::min(first + kSpread, second_of(latest)));
  auto second = behind_full(site, first);
  if (second > last) second = first + added_ % (last - first + 1);  // all are full: in turn
  return std::max(from_unix_ms(second * 1000), start);
}

std::int64_t StartReservations::behind_full(std::size_t site, std::int64_t second) const {
  auto run = full_.upper_bound({site, second});
  if (run == full_.begin()) return second;
  --run;
  return run->first.first == site ? std::max(second, run->second) : second;
}

void StartReservations::set_full(std::size_t site, std::int64_t second) {
  auto end = second + 1;
  if (const auto next = full_.find({site, end}); next != full_.end()) {
    end = next->second;
    full_.erase(next);
  }
  auto before = full_.upper_bound({site, second});
  if (before != full_.begin() && (--before)->first.first == site && before->second == second) {
    before->second = end;
  } else {
    full_[{site, second}] = end;
  }
}

void StartReservations::begin_at(std::size_t site, std::int64_t second) {
  if (behind_full(site, second) != second) return;
  const auto at = beginning_.try_emplace({second, site}).first;
  if (++at->second < kAtOnce) return;
  beginning_.erase(at);
  set_full(site, second);
}

void StartReservations::add(const Stay& unchanged, Instant start) {
  ++added_;
  begin_at(unchanged.site, second_of(start));
  const auto [slots, fresh] = given_.try_emplace({std::string(unchanged.partition), unchanged.site});
  if (fresh) slots->second.forget_before(now_);
  slots->second.add(start, unchanged.runtime, unchanged.gpus);
}

}  // namespace carbon::placement

// SPDX-License-Identifier: Apache-2.0
#include "placement/start_reservations.h"

#include <algorithm>

namespace carbon::placement {
namespace {

constexpr std::uint32_t kAtOnce = 2;        // jobs that may start in one second at one site
constexpr std::int64_t kSpread = 300;       // seconds by which a start is moved at most
constexpr std::int64_t kForgetEvery = 60;   // seconds; past entries do no harm until then
constexpr std::size_t kMostKept = 100'000;  // seconds with starts; beyond, all are forgotten

std::int64_t second_of(Instant t) { return unix_ms(t) / 1000; }

}  // namespace

void StartReservations::forget_before(Instant now) {
  const auto second = second_of(now);
  if (now >= now_ && second / kForgetEvery == second_of(now_) / kForgetEvery) return;
  now_ = now;
  starting_.erase(starting_.begin(), starting_.lower_bound({second, 0}));
  std::erase_if(full_, [second](const auto& run) { return run.second <= second; });
  if (starting_.size() + full_.size() > kMostKept) {
    starting_.clear();
    full_.clear();
  }
  for (auto& [place, slots] : slots_) slots.forget_before(now);
}

Instant StartReservations::find_start(const Demand& demand, Instant start, Instant latest) const {
  return least_crowded(demand.site, first_fit(demand, start, latest), latest);
}

Instant StartReservations::first_fit(const Demand& demand, Instant start, Instant latest) const {
  const auto slots = slots_.find({std::string(demand.partition), demand.site});
  if (slots == slots_.end() || demand.capacity < demand.gpus) return start;
  return slots->second.first_fit(start, latest, demand.runtime, demand.gpus, demand.capacity).value_or(start);
}

Instant StartReservations::least_crowded(std::size_t site, Instant start, Instant latest) const {
  const auto first = second_of(start), last = std::max(first, std::min(first + kSpread, second_of(latest)));
  auto second = first_open(site, first);
  if (second > last) second = first + added_ % (last - first + 1);  // all are full: one after another
  return std::max(from_unix_ms(second * 1000), start);
}

std::int64_t StartReservations::first_open(std::size_t site, std::int64_t second) const {
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

void StartReservations::count_start(std::size_t site, std::int64_t second) {
  if (first_open(site, second) != second) return;
  const auto at = starting_.try_emplace({second, site}).first;
  if (++at->second < kAtOnce) return;
  starting_.erase(at);
  set_full(site, second);
}

void StartReservations::add(const Demand& demand, Instant start) {
  ++added_;
  count_start(demand.site, second_of(start));
  const auto [slots, fresh] = slots_.try_emplace({std::string(demand.partition), demand.site});
  if (fresh) slots->second.forget_before(now_);
  slots->second.add(start, demand.runtime, demand.gpus);
}

}  // namespace carbon::placement

// SPDX-License-Identifier: Apache-2.0
#include "placement/start_book.h"

#include <algorithm>

namespace carbon::placement {
namespace {

constexpr std::uint32_t kAtOnce = 2;        // jobs that may begin in one second at one site
constexpr std::int64_t kSpread = 300;       // seconds by which a start moves for it
constexpr std::size_t kMostKept = 100'000;  // seconds with starts; beyond, the book forgets

std::int64_t second_of(Instant t) { return unix_ms(t) / 1000; }

}  // namespace

void StartBook::forget_before(Instant now) {
  beginning_.erase(beginning_.begin(), beginning_.lower_bound({second_of(now), 0}));
  if (beginning_.size() > kMostKept) beginning_.clear();
  now_ = now;
  for (auto& [place, slots] : given_) slots.forget_before(now);
}

Instant StartBook::place(const Stay& stay, Instant start, Instant latest) const {
  return least_crowded(stay.site, with_room(stay, start, latest), latest);
}

Instant StartBook::with_room(const Stay& stay, Instant start, Instant latest) const {
  const auto slots = given_.find({std::string(stay.partition), stay.site});
  if (slots == given_.end() || stay.capacity < stay.gpus) return start;
  return slots->second.room(start, latest, stay.length, stay.gpus, stay.capacity).value_or(start);
}

Instant StartBook::least_crowded(std::size_t site, Instant start, Instant latest) const {
  const auto first = second_of(start), last = std::min(first + kSpread, second_of(latest));
  auto best = first;
  std::uint32_t fewest = ~0u;
  for (auto second = first; second <= last && fewest >= kAtOnce; ++second) {
    const auto it = beginning_.find({second, site});
    const auto jobs = it == beginning_.end() ? 0 : it->second;
    if (jobs < kAtOnce || jobs < fewest) {
      fewest = jobs;
      best = second;
    }
  }
  return std::max(from_unix_ms(best * 1000), start);
}

void StartBook::add(const Stay& stay, Instant start) {
  ++beginning_[{second_of(start), stay.site}];
  const auto [slots, fresh] = given_.try_emplace({std::string(stay.partition), stay.site});
  if (fresh) slots->second.forget_before(now_);
  slots->second.add(start, stay.length, stay.gpus);
}

}  // namespace carbon::placement

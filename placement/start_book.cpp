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

void StartBook::add(std::size_t site, Instant start) { ++beginning_[{second_of(start), site}]; }

}  // namespace carbon::placement

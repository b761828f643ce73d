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

void StartBook::look_at(const feeds::SnapshotContent& snapshot, Instant now) {
  beginning_.erase(beginning_.begin(), beginning_.lower_bound({second_of(now), 0}));
  if (beginning_.size() > kMostKept) beginning_.clear();
  if (published_ == snapshot.published && free_.size() == snapshot.sites.size()) return;
  published_ = snapshot.published;
  from_ = snapshot.free_from;
  step_ = snapshot.free_step;
  free_.resize(snapshot.sites.size());
  for (std::size_t i = 0; i < free_.size(); ++i) free_[i] = snapshot.sites[i].free_gpus;
}

std::pair<std::size_t, std::size_t> StartBook::steps(std::size_t site, Interval when) const {
  const auto count = static_cast<std::int64_t>(free_[site].size());
  const auto first = std::clamp<std::int64_t>((when.start - from_) / step_, 0, count);
  const auto last = std::clamp<std::int64_t>((when.end - from_ + step_ - Duration(1)) / step_, first, count);
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(last)};
}

bool StartBook::has_free(std::size_t site, Interval when, std::uint32_t gpus) const {
  if (!knows_free(site)) return true;
  const auto [first, last] = steps(site, when);
  for (std::size_t i = first; i < last; ++i) {
    if (free_[site][i] < gpus) return false;
  }
  return true;
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

void StartBook::add(std::size_t site, Interval when, std::uint32_t gpus) {
  ++beginning_[{second_of(when.start), site}];
  if (!knows_free(site)) return;
  const auto [first, last] = steps(site, when);
  for (std::size_t i = first; i < last; ++i) free_[site][i] -= std::min(gpus, free_[site][i]);
}

}  // namespace carbon::placement

// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/timeline.h"

#include <algorithm>

namespace carbon::grid_feeds {

std::vector<Interval> Timeline::holes() const {
  std::vector<Interval> holes;
  Instant at = window_.start;
  for (const auto& [point, _] : laid_) {
    if (point.when.start > at) holes.push_back({at, point.when.start});
    at = point.when.end;
  }
  if (at < window_.end) holes.push_back({at, window_.end});
  return holes;
}

void Timeline::fill(std::span<const IntensityPoint> points, std::size_t layer) {
  std::vector<Laid> added;
  auto next = points.begin();
  for (const auto& hole : holes()) {
    while (next != points.end() && next->when.end <= hole.start) ++next;
    // The last point that reaches into this hole may reach into the next one too: `next` stays on it.
    for (auto point = next; point != points.end() && point->when.start < hole.end; ++point) {
      const Interval when{std::max(point->when.start, hole.start), std::min(point->when.end, hole.end)};
      added.push_back({{when, point->value, point->origin}, layer});
    }
  }
  const auto old = static_cast<std::ptrdiff_t>(laid_.size());
  laid_.insert(laid_.end(), added.begin(), added.end());
  std::inplace_merge(laid_.begin(), laid_.begin() + old, laid_.end(),
                     [](const Laid& a, const Laid& b) { return a.point.when.start < b.point.when.start; });
}

}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/timeline.h"

#include <algorithm>

namespace carbon::feeds {

std::vector<Interval> Timeline::holes() const {
  std::vector<Interval> holes;
  Instant at = window_.start;
  for (const auto& point : points_) {
    if (point.when.start > at) holes.push_back({at, point.when.start});
    at = point.when.end;
  }
  if (at < window_.end) holes.push_back({at, window_.end});
  return holes;
}

void Timeline::fill(std::span<const IntensityPoint> points) {
  std::vector<IntensityPoint> added;
  auto next = points.begin();
  for (const auto& hole : holes()) {
    while (next != points.end() && next->when.end <= hole.start) ++next;
    // The last point that reaches into this hole may reach into the next one too: `next` stays on it.
    for (auto point = next; point != points.end() && point->when.start < hole.end; ++point) {
      added.push_back(
          {{std::max(point->when.start, hole.start), std::min(point->when.end, hole.end)}, point->value, point->origin});
    }
  }
  const auto old = static_cast<std::ptrdiff_t>(points_.size());
  points_.insert(points_.end(), added.begin(), added.end());
  std::inplace_merge(points_.begin(), points_.begin() + old, points_.end(),
                     [](const IntensityPoint& a, const IntensityPoint& b) { return a.when.start < b.when.start; });
}

}  // namespace carbon::feeds

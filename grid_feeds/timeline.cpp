// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/timeline.h"

#include <algorithm>

namespace carbon::grid_feeds {

std::vector<Interval> Timeline::gaps() const {
  std::vector<Interval> gaps;
  Instant at = window_.start;
  for (const auto& [point, _] : segments_) {
    if (point.when.start > at) gaps.push_back({at, point.when.start});
    at = point.when.end;
  }
  if (at < window_.end) gaps.push_back({at, window_.end});
  return gaps;
}

void Timeline::fill(std::span<const IntensityPoint> points, std::size_t source) {
  std::vector<Segment> added;
  auto next = points.begin();
  for (const auto& gap : gaps()) {
    while (next != points.end() && next->when.end <= gap.start) ++next;
    // The last point in this gap may extend into the next gap too, so `next` stays on it.
    for (auto point = next; point != points.end() && point->when.start < gap.end; ++point) {
      const Interval when{std::max(point->when.start, gap.start), std::min(point->when.end, gap.end)};
      added.push_back({{when, point->value, point->origin}, source});
    }
  }
  const auto old = static_cast<std::ptrdiff_t>(segments_.size());
  segments_.insert(segments_.end(), added.begin(), added.end());
  std::inplace_merge(segments_.begin(), segments_.begin() + old, segments_.end(),
                     [](const Segment& a, const Segment& b) { return a.point.when.start < b.point.when.start; });
}

}  // namespace carbon::grid_feeds

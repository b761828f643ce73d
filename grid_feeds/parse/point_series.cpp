// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/parse/point_series.h"

#include <algorithm>

namespace carbon::grid_feeds {

std::vector<IntensityPoint> in_order(std::vector<IntensityPoint> points) {
  std::stable_sort(points.begin(), points.end(),
                   [](const IntensityPoint& a, const IntensityPoint& b) { return a.when.start < b.when.start; });
  std::vector<IntensityPoint> kept;
  kept.reserve(points.size());
  for (const auto& point : points) {
    if (point.when.end <= point.when.start) continue;
    if (!kept.empty() && kept.back().when.start == point.when.start) kept.pop_back();
    if (!kept.empty()) kept.back().when.end = std::min(kept.back().when.end, point.when.start);
    kept.push_back(point);
  }
  return kept;
}

Instant floor_to(Instant t, Duration step) {
  const auto ms = unix_ms(t), size = step.count();
  return from_unix_ms(ms - ((ms % size) + size) % size);
}

Duration until_next(Instant now, Duration step, Duration lag) { return floor_to(now, step) + step + lag - now; }

}  // namespace carbon::grid_feeds

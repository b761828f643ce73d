// SPDX-License-Identifier: Apache-2.0
// Short ways to write a series in a test.
#pragma once

#include <optional>
#include <random>
#include <vector>

#include "core/series.h"

namespace carbon::policies {

inline const Instant t0 = from_unix_ms(1'666'195'200'000);  // 2022-10-19T16:00:00Z

// Hourly values from t0; nullopt is a gap.
inline IntensitySeries hourly(const std::vector<std::optional<double>>& values) {
  std::vector<IntensityPoint> points;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Instant start = t0 + std::chrono::hours(i);
    if (values[i]) points.push_back({{start, start + std::chrono::hours(1)}, GramsPerKwh(*values[i]), Origin::kActual});
  }
  return std::move(IntensitySeries::make({}, std::move(points)).value());
}

// Steps of uneven length, some of them gaps, from t0; whole multiples of `grain`.
inline IntensitySeries uneven(std::mt19937& random, int steps, Duration grain) {
  std::vector<IntensityPoint> points;
  Instant at = t0;
  for (int i = 0; i < steps; ++i) {
    const Instant end = at + grain * (1 + random() % 6);
    if (random() % 9 != 0) points.push_back({{at, end}, GramsPerKwh(static_cast<double>(50 + random() % 500)), Origin::kActual});
    at = end;
  }
  return std::move(IntensitySeries::make({}, std::move(points)).value());
}

}  // namespace carbon::policies

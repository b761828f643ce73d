// SPDX-License-Identifier: Apache-2.0
// What the tests of re-planning share: a fixed now, a forecast of one value an hour from then on, and times as the token has
// them.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "core/series.h"

namespace carbon::carbonctld {

inline constexpr Instant kNow = from_unix_ms(1'764'000'000'000);

inline IntensitySeries hours(std::initializer_list<double> values) {
  std::vector<IntensityPoint> points;
  Instant at = kNow;
  for (const double v : values) {
    points.push_back({{at, at + std::chrono::hours(1)}, GramsPerKwh(v), Origin::kForecast});
    at += std::chrono::hours(1);
  }
  return *IntensitySeries::make({}, std::move(points));
}

inline std::string seconds_text(Instant t) { return std::to_string(unix_ms(t) / 1000); }

}  // namespace carbon::carbonctld

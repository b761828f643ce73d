// SPDX-License-Identifier: Apache-2.0
// The project's own forecast of carbon intensity, for where no provider gives one: a pure function of the past.
//
// Three kinds of forecast are blended by how well they did in the last weeks, as backcasts made from the past alone: the same
// hour of the day before; the mean of the last seven days at that hour, moved to the present level and to the weekday's habit;
// and a ridge regression on lags (Hoerl and Kennard 1970), fitted on 4, 9 and 21 weeks. All work on logarithms, because grids
// change by shares of their level. Method and figures: docs/feeds.md.
#pragma once

#include <vector>

#include "core/series.h"

namespace carbon::feeds {

struct OwnForecast {
  std::vector<IntensityPoint> points;  // whole hours, the first holds `issued`; Origin::kOwnForecast
  std::vector<GramsPerKwh>
      mean_abs_error;  // for each point: of the backcasts at that distance; empty with under three weeks of past
};

inline constexpr std::size_t kOwnForecastHours = 168;
inline constexpr Duration kOwnForecastPast = std::chrono::days(220);  // more is not looked at

// Looks at `past` before `issued` only, whatever else it holds; holes are allowed. Nothing comes where less than a day is known
// of the last eight, and no more than kOwnForecastHours hours behind the last known one.
OwnForecast own_forecast(const SeriesView& past, Instant issued, std::size_t hours);

}  // namespace carbon::feeds

// SPDX-License-Identifier: Apache-2.0
// The project's own forecast of a zone's carbon intensity, from nothing but that zone's past values: what stands in where no
// provider forecasts. docs/own_forecast.md says how it is made and how well it does.
//
// No clock, no I/O, no randomness: the same history gives the same forecast, bit for bit.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/result.h"
#include "core/series.h"
#include "core/time.h"
#include "core/units.h"

namespace carbon::feeds {

// 80 % of past errors at this lead would have kept the actual value inside [p10, p90].
struct ForecastBand {
  GramsPerKwh p10;
  GramsPerKwh p90;
};

// The mean intensity of one whole UTC hour.
struct ForecastHour {
  Interval when;
  GramsPerKwh p50;  // the forecast; never negative
  // Both from the forecaster's own log of what it forecast this many hours ahead and what came; none while that log is short.
  std::optional<ForecastBand> band;         // p10 <= p50 <= p90
  std::optional<GramsPerKwh> usual_error;  // mean |forecast - actual|
};

struct OwnForecast {
  Instant issued;                   // as asked for
  Instant known_until;              // end of the last hour whose value was known; before `issued` where the feed lags
  std::vector<ForecastHour> hours;  // without gap, ascending; the first holds `issued`
};

// Learns a zone hour by hour. Copyable, so that a replay can branch from a state.
//
//   OwnForecaster own;
//   own.learn(history.view(), issue);   // again and again with a later time; each hour is taken in once
//   Result<OwnForecast> next = own.forecast(issue, 24);
class OwnForecaster {
 public:
  static constexpr int kMaxHours = 168;

  OwnForecaster();
  OwnForecaster(const OwnForecaster&);
  OwnForecaster(OwnForecaster&&) noexcept;
  OwnForecaster& operator=(const OwnForecaster&);
  OwnForecaster& operator=(OwnForecaster&&) noexcept;
  ~OwnForecaster();

  // Takes in the whole hours of `actual` that end by `until` and after those learned before; reads nothing at or after
  // `until`. Any step: an hour is the mean over its covered part, and a gap where less than half of it is covered.
  // The caller keeps forecasts out of `actual`. A value revised later is not seen: start a new forecaster for that.
  void learn(SeriesView actual, Instant until);

  // The next `hours` (1 to kMaxHours) from the hour that holds `issued` on, from what was learned. An error where less
  // than two days are known, or the last known hour is over two days before `issued`, or before what was learned.
  Result<OwnForecast> forecast(Instant issued, int hours = 24) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Both at once: the forecast from the last 90 days of `actual` before `issued`.
Result<OwnForecast> own_forecast(SeriesView actual, Instant issued, int hours = 24);

// The forecast's p50 as points of origin kOwnForecast.
std::vector<IntensityPoint> points_of(const OwnForecast& forecast);

}  // namespace carbon::feeds

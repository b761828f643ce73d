// SPDX-License-Identifier: Apache-2.0
// The project's own forecast of carbon intensity, for where no provider gives one: from nothing but the zone's own past.
//
// Three methods are blended by how well each did lately: the same hour of the day before; what is usual at that hour, moved to
// the present level; and a ridge regression on lags. Method and figures: docs/own_forecast.md. No clock, no I/O, no randomness:
// the same past gives the same forecast, bit for bit.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "core/result.h"
#include "core/series.h"
#include "forecast/own_forecast_lags.h"
#include "forecast/own_forecast_log.h"

namespace carbon::forecast {

struct OwnForecast {
  std::vector<IntensityPoint> points;  // whole hours without gap, the first holds `issued`; Origin::kOwnForecast; never negative
  // For the points from the first on, from the forecaster's log of itself at that distance: mean |forecast - actual|, and the
  // band that would have held 80 % of what came. Shorter than `points`, or empty, where the log is not a week long.
  std::vector<GramsPerKwh> mean_abs_error;
  std::vector<ForecastBand> bands;  // p10 <= point <= p90
  Instant known_until{};            // end of the last known hour; before `issued` where the feed lags
};

inline constexpr std::size_t kOwnForecastHours = kMaxLead;
inline constexpr Duration kOwnForecastPast = std::chrono::days(90);  // enough: more past changes next to nothing

// Learns one zone hour by hour, for whoever forecasts again and again: learning an hour takes about 0.1 ms, a forecast less.
// Holds about 2 MB. Copyable, so that a replay can branch from a state.
//
//   OwnForecaster own;
//   own.learn(actual, issued);  // again and again with a later time; each hour is taken in once
//   auto next = own.forecast(issued, 48);
class OwnForecaster {
 public:
  // Values before `begin` are not looked at. Before `log_from` no log is kept, which makes learning five times as fast: for
  // those who want a forecast only later; the log should be four weeks long by then.
  explicit OwnForecaster(Instant begin = {}, Instant log_from = {});

  // Takes in the whole hours of `actual` that end by `until` and lie behind those taken in before; reads nothing from `until`
  // on. Any step: an hour is the mean over its covered part, and a gap where less than half of it is covered. After a gap
  // of over a week all begins anew. What is revised afterwards is not seen: make a new forecaster for that.
  void learn(const SeriesView& actual, Instant until);

  // The next `hours` from the one that holds `issued` on, but none further than kOwnForecastHours from the last known hour. An
  // error where less than a day is known, or the last known hour is too long ago, or `issued` lies before it.
  Result<OwnForecast> forecast(Instant issued, std::size_t hours) const;

 private:
  void take_in(double value, bool known);
  Forecasts methods(int lead) const;
  double blended(int lead) const { return log_.blend(methods(lead), lead); }

  Hour next_;  // the first that learn() has not looked at
  Hour log_from_;
  std::optional<HourlyPast> past_;     // up to the last known hour, gaps filled
  std::pair<double, double> range_{};  // of the last weeks
  int known_ = 0;                      // hours
  std::array<double, 24> usual_{};     // by hour of the day, a mean that forgets
  std::array<int, 24> usual_count_{};
  std::deque<Standpoint> standpoints_;  // the last is at past_->end()
  LagRegression lags_;
  OwnForecastLog log_;
};

// Both at once, from the last kOwnForecastPast before `issued`, for whoever asks rarely. Empty where nothing can be forecast.
OwnForecast own_forecast(const SeriesView& actual, Instant issued, std::size_t hours);

}  // namespace carbon::forecast

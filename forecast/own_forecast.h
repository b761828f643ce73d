// SPDX-License-Identifier: Apache-2.0
// Our own forecast of carbon intensity, for zones without a provider's forecast: a blend of three methods that use only the
// zone's past, weighted by their recent errors: persistence (the same hour of the day before); the usual value of that hour,
// shifted to the present level; and a ridge regression on lags. Method and figures: docs/own_forecast.md. No clock, no I/O, no
// randomness: the same past gives the same forecast, bit for bit.
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
  std::vector<IntensityPoint> points;  // whole hours without gaps, the first contains `issued`; kOwnForecast; never negative
  // For the first points, from the forecaster's log at that distance: mean |forecast - actual|, and the band that would have
  // contained 80 % of the actual values. Shorter than `points`, or empty, while the log is shorter than a week.
  std::vector<GramsPerKwh> mean_abs_error;
  std::vector<ForecastBand> bands;  // p10 <= point <= p90
  Instant known_until{};            // end of the last known hour; before `issued` if the feed lags
};

inline constexpr std::size_t kOwnForecastHours = kMaxLead;
inline constexpr Duration kOwnForecastPast = std::chrono::days(90);  // more past changes almost nothing

// Learns one zone hour by hour, for repeated forecasts: learning an hour takes about 0.1 ms, a forecast less. Uses about 2 MB.
// Copyable, so a replay can branch from a state.
//
//   OwnForecaster own;
//   own.learn(actual, issued);  // repeatedly, with later times; each hour is learned once
//   auto next = own.forecast(issued, 48);
class OwnForecaster {
 public:
  // Values before `begin` are ignored. Before `log_from` no log is kept, which makes learning five times as fast; set it four
  // weeks before the first forecast.
  explicit OwnForecaster(Instant begin = {}, Instant log_from = {});

  // Learns the whole hours of `actual` that end by `until` and come after those learned before; reads nothing from `until` on.
  // Any step: an hour is the mean over its covered part, and a gap if less than half of it is covered. A gap of more than a week
  // discards all that was learned. Later revisions are not seen; make a new forecaster for them.
  void learn(const SeriesView& actual, Instant until);

  // The next `hours`, from the one that contains `issued`, but at most kOwnForecastHours after the last known hour. An error if
  // less than a day is known, if the last known hour is too long ago, or if `issued` is before it.
  Result<OwnForecast> forecast(Instant issued, std::size_t hours) const;

 private:
  void add_hour(double value, bool known);
  Forecasts methods(int lead) const;
  double blended(int lead) const { return log_.blend(methods(lead), lead); }

  Hour next_;  // the first that learn() has not seen
  Hour log_from_;
  std::optional<HourlyPast> past_;     // up to the last known hour, gaps filled
  std::pair<double, double> range_{};  // of the last weeks
  int known_ = 0;                      // hours
  std::array<double, 24> usual_{};     // by hour of the day, exponentially weighted mean
  std::array<int, 24> usual_count_{};
  std::deque<Standpoint> standpoints_;  // the last is at past_->end()
  LagRegression lags_;
  OwnForecastLog log_;
};

// One forecast from the last kOwnForecastPast before `issued`. Empty if nothing can be forecast.
OwnForecast own_forecast(const SeriesView& actual, Instant issued, std::size_t hours);

}  // namespace carbon::forecast

// SPDX-License-Identifier: Apache-2.0
// Forecast accuracy: errors of forecasts against values measured later, by how far ahead the forecast looked.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/series.h"
#include "forecast/forecast_log.h"

namespace carbon::forecast {

// Errors of all forecasts that looked between `from` and `to` ahead.
struct HorizonError {
  Duration from{0};
  Duration to{0};
  std::size_t count = 0;
  GramsPerKwh mean_abs;  // mean of |forecast - actual|
  GramsPerKwh bias;      // mean of forecast - actual
  double mape = 0;       // mean of |forecast - actual| / actual, over values above 1 g/kWh
  // 80 % of the actual values were between forecast x low and forecast x high: the band of a new forecast.
  double low = 1;
  double high = 1;
};

// Accuracy of a provider's forecasts, or of our own from its past.
struct FeedAccuracy {
  std::string provider;
  Origin origin = Origin::kForecast;  // or kOwnForecast
  std::vector<HorizonError> horizons;

  // Errors at this distance; null if nothing was measured at it.
  const HorizonError* at(Duration ahead) const;
};

// Horizons 0-1, 1-3, 3-6, 6-12, 12-24, 24-48, 48-72 and 72-168 h; those without any pair are left out. Each forecast point
// counts once per issue, at its distance from the time at which it became known.
std::vector<HorizonError> measure_accuracy(std::span<const Issue> issues, const SeriesView& actual);

}  // namespace carbon::forecast

// SPDX-License-Identifier: Apache-2.0
// Prediction interval (80 %) of a forecast value, from the errors in the log of forecasts as issued.
#pragma once

#include <optional>
#include <span>

#include "forecast/forecast_accuracy.h"
#include "forecast/own_forecast.h"

namespace carbon::forecast {

inline constexpr std::size_t kEnoughForBand = 48;  // outcomes at that distance: two days of hourly values

// Band of one value of a feed. For a provider's forecast from the provider's errors at that distance from `issued`; for our own
// forecast from the forecaster's own log, or else likewise from its errors. None for other origins, and if too little is known.
std::optional<ForecastBand> band_of(const IntensityPoint& point, std::span<const FeedAccuracy> accuracy, Instant issued,
                                    const OwnForecast& own);

}  // namespace carbon::forecast

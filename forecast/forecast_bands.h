// SPDX-License-Identifier: Apache-2.0
// How far a forecast value may be trusted: the band that held 80 % of what came, from the log of forecasts as issued.
#pragma once

#include <optional>
#include <span>

#include "forecast/forecast_accuracy.h"
#include "forecast/own_forecast.h"

namespace carbon::forecast {

inline constexpr std::size_t kEnoughForBand = 48;  // outcomes at that distance: two days of hourly ones

// Of one value of an entry of the chain. A provider's: from its errors at that distance from `issued`. An own forecast's: from
// the forecaster's log of itself, else from its errors as well. None of other origins, and where too little is known.
std::optional<ForecastBand> band_of(const IntensityPoint& point, std::span<const FeedAccuracy> accuracy, Instant issued,
                                    const OwnForecast& own);

}  // namespace carbon::forecast

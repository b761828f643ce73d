// SPDX-License-Identifier: Apache-2.0
#include "forecast/forecast_bands.h"

#include <algorithm>

namespace carbon::forecast {
namespace {

// The band that the forecaster itself gave for the hour that contains `t`.
std::optional<ForecastBand> own_band(const OwnForecast& own, Instant t) {
  if (own.points.empty() || t < own.points.front().when.start) return std::nullopt;
  const auto hour = static_cast<std::size_t>((t - own.points.front().when.start) / std::chrono::hours(1));
  return hour < own.bands.size() ? std::optional(own.bands[hour]) : std::nullopt;
}

}  // namespace

std::optional<ForecastBand> band_of(const IntensityPoint& point, std::span<const FeedAccuracy> accuracy, Instant issued,
                                    const OwnForecast& own) {
  if (point.origin != Origin::kForecast && point.origin != Origin::kOwnForecast) return std::nullopt;
  const bool is_own = point.origin == Origin::kOwnForecast;
  if (is_own) {
    if (const auto band = own_band(own, point.when.start)) return band;
    if (own.points.empty()) return std::nullopt;
    issued = own.points.front().when.start;
  }
  const auto of_maker = std::find_if(accuracy.begin(), accuracy.end(), [&](const auto& a) { return a.origin == point.origin; });
  if (of_maker == accuracy.end()) return std::nullopt;
  const auto* error = of_maker->at(std::max<Duration>(point.when.start - issued, Duration(0)));
  if (error == nullptr || error->count < kEnoughForBand) return std::nullopt;
  return ForecastBand{point.value * error->low, point.value * error->high};
}

}  // namespace carbon::forecast

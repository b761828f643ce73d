// SPDX-License-Identifier: Apache-2.0
#include "scarbon/replay/forecast_ahead.h"

#include <deque>
#include <memory>
#include <vector>

#include "forecast/own_forecast.h"

namespace carbon::scarbon {
namespace {

constexpr std::size_t kHoursAhead = 72;  // covers the longest wait plus a long job; beyond that the planner repeats the last day

class ZoneForecast {
 public:
  explicit ZoneForecast(IntensitySeries actual) : actual_(std::move(actual)), forecaster_(actual_.view().start()) {}

  SeriesView at(Instant now) {
    const Instant hour(std::chrono::floor<std::chrono::hours>(now));
    if (by_hour_.empty()) first_ = hour;
    const auto index = static_cast<std::size_t>((hour - first_) / std::chrono::hours(1));
    while (by_hour_.size() <= index) issue(first_ + std::chrono::hours(by_hour_.size()));
    return by_hour_[index].view();
  }

 private:
  void issue(Instant hour) {
    forecaster_.learn(actual_.view(), hour);
    auto forecast = forecaster_.forecast(hour, kHoursAhead);
    by_hour_.push_back(forecast ? std::move(IntensitySeries::make({}, std::move(forecast->points)).value()) : IntensitySeries());
  }

  IntensitySeries actual_;
  forecast::OwnForecaster forecaster_;
  std::deque<IntensitySeries> by_hour_;  // kept: the next policy needs the same hours
  Instant first_{};
};

}  // namespace

replay::SeriesAhead forecast_ahead(std::vector<IntensitySeries> actual) {
  auto zones = std::make_shared<std::vector<ZoneForecast>>();
  for (auto& series : actual) zones->emplace_back(std::move(series));
  return [zones](std::size_t site, Instant now) { return (*zones)[site].at(now); };
}

}  // namespace carbon::scarbon

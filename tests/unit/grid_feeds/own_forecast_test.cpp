// SPDX-License-Identifier: Apache-2.0
// How good it is on real grids: own_forecast_table. Here: what it must never do.
#include "grid_feeds/own_forecast.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace carbon::feeds {
namespace {
using namespace std::chrono_literals;

const Instant start = parse_utc("2026-01-01").value();

// A grid with a day, a week and some noise.
double grid(int hour, std::mt19937& random) {
  const double noise = std::normal_distribution<>(0, 5)(random);
  return 300 + 80 * std::cos(hour * 2 * M_PI / 24) + (hour / 24 % 7 >= 5 ? -60 : 0) + noise;
}

IntensitySeries series(
    int hours, const std::function<bool(int)>& known = [](int) { return true; }) {
  std::mt19937 random(1);
  std::vector<IntensityPoint> points;
  for (int h = 0; h < hours; ++h) {
    const double value = grid(h, random);
    if (known(h)) points.push_back({{start + h * 1h, start + (h + 1) * 1h}, GramsPerKwh(value), Origin::kActual});
  }
  return IntensitySeries::make({}, std::move(points)).value();
}

double mean_error(const OwnForecast& forecast) {
  std::mt19937 quiet(1);
  double sum = 0;
  for (const auto& point : forecast.points) {
    const int hour = static_cast<int>((point.when.start - start) / 1h);
    const double truth = 300 + 80 * std::cos(hour * 2 * M_PI / 24) + (hour / 24 % 7 >= 5 ? -60 : 0);
    sum += std::abs(point.value.value() - truth);
  }
  return sum / static_cast<double>(forecast.points.size());
}

TEST(OwnForecast, CoversEachHourAheadAndSaysWhatItIs) {
  const auto past = series(60 * 24);
  const Instant issued = start + 60 * 24h;
  const auto forecast = own_forecast(past.view(), issued + 10min, 168);
  ASSERT_EQ(forecast.points.size(), 168u);
  for (std::size_t i = 0; i < 168; ++i) {
    EXPECT_EQ(forecast.points[i].when, (Interval{issued + i * 1h, issued + (i + 1) * 1h}));
    EXPECT_EQ(forecast.points[i].origin, Origin::kOwnForecast);
  }
  EXPECT_LT(mean_error(forecast), 10.0);
}

TEST(OwnForecast, SeesNothingOfTheFuture) {
  const auto whole = series(90 * 24), cut = series(60 * 24);
  const Instant issued = start + 60 * 24h;
  const auto a = own_forecast(whole.view(), issued, 100), b = own_forecast(cut.view(), issued, 100);
  ASSERT_EQ(a.points.size(), b.points.size());
  for (std::size_t i = 0; i < a.points.size(); ++i) EXPECT_EQ(a.points[i].value, b.points[i].value) << i;
}

TEST(OwnForecast, KnowsItsErrorFromItsOwnBackcasts) {
  const auto forecast = own_forecast(series(90 * 24).view(), start + 90 * 24h, 48);
  ASSERT_EQ(forecast.mean_abs_error.size(), 48u);
  for (const auto error : forecast.mean_abs_error) {
    EXPECT_GT(error.value(), 1.0);  // the noise of 5 cannot be foreseen
    EXPECT_LT(error.value(), 15.0);
  }
}

TEST(OwnForecast, HolesAndALateProviderAreBorne) {
  std::mt19937 random(3);
  const auto past = series(60 * 24, [&](int hour) { return random() % 10 != 0 && hour < 59 * 24; });
  const Instant issued = start + 60 * 24h;  // the last day is not known yet
  const auto forecast = own_forecast(past.view(), issued, 48);
  ASSERT_EQ(forecast.points.size(), 48u);
  EXPECT_EQ(forecast.points[0].when.start, issued);
  EXPECT_LT(mean_error(forecast), 20.0);
}

TEST(OwnForecast, AnyLengthOfPastIsBorne) {
  for (int hours = 0; hours < 24 * 24; hours += 5) {
    const auto forecast = own_forecast(series(hours).view(), start + hours * 1h, 168);
    EXPECT_EQ(forecast.points.size(), hours < 24 ? 0u : 168u) << hours;
    for (const auto& point : forecast.points) {
      EXPECT_GT(point.value.value(), 100.0) << hours;
      EXPECT_LT(point.value.value(), 500.0) << hours;
    }
  }
}

TEST(OwnForecast, NothingComesOfAnOldPast) {
  EXPECT_TRUE(own_forecast(series(30 * 24).view(), start + 38 * 24h, 24).points.empty());
  EXPECT_TRUE(own_forecast({}, start, 24).points.empty());
}

TEST(OwnForecast, ZerosAndConstantsAreBorne) {
  std::vector<IntensityPoint> points;
  for (int h = 0; h < 40 * 24; ++h) points.push_back({{start + h * 1h, start + (h + 1) * 1h}, GramsPerKwh(0), Origin::kActual});
  const auto forecast = own_forecast(IntensitySeries::make({}, points)->view(), start + 40 * 24h, 24);
  ASSERT_EQ(forecast.points.size(), 24u);
  for (const auto& point : forecast.points) EXPECT_NEAR(point.value.value(), 1.0, 0.3);
}

}  // namespace
}  // namespace carbon::feeds

// SPDX-License-Identifier: Apache-2.0
// Properties of our own forecast. Its errors on recorded data: tests/bench/forecast_table.cpp.
#include "forecast/own_forecast.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <random>

namespace carbon::forecast {
namespace {
using namespace std::chrono_literals;

const Instant start = parse_utc("2026-01-05").value();  // a Monday
constexpr int kDays60 = 60 * 24;

Instant at(int hour) { return start + hour * 1h; }

// Hourly values from `start`; none is a gap.
IntensitySeries series(int hours, const std::function<std::optional<double>(int)>& value) {
  std::vector<IntensityPoint> points;
  for (int h = 0; h < hours; ++h) {
    if (const auto v = value(h)) points.push_back({{at(h), at(h + 1)}, GramsPerKwh(*v), Origin::kActual});
  }
  return IntensitySeries::make({}, std::move(points)).value();
}

double cycle(int hour) {
  return 300 + 80 * std::cos(hour * 2 * std::numbers::pi / 24) + 30 * std::sin(hour * std::numbers::pi / 6);
}
double cycle_and_week(int hour) { return cycle(hour) + (hour / 24 % 7 >= 5 ? -60 : 0); }

// A value with noise; always the same for the same hour.
std::function<std::optional<double>(int)> noisy(double (*base)(int), double sigma, unsigned seed = 1) {
  return [=](int hour) {
    std::mt19937 random(seed * 1'000'003u + static_cast<unsigned>(hour));
    return base(hour) + std::normal_distribution<>(0, sigma)(random);
  };
}

double mean_error(const OwnForecast& forecast, const std::function<double(int)>& truth) {
  double sum = 0;
  for (const auto& point : forecast.points)
    sum += std::abs(point.value.value() - truth(static_cast<int>((point.when.start - start) / 1h)));
  return sum / static_cast<double>(forecast.points.size());
}

void expect_same(const OwnForecast& a, const OwnForecast& b) {
  ASSERT_EQ(a.points.size(), b.points.size());
  ASSERT_EQ(a.bands.size(), b.bands.size());
  EXPECT_EQ(a.mean_abs_error, b.mean_abs_error);
  for (std::size_t i = 0; i < a.points.size(); ++i) EXPECT_EQ(a.points[i].value, b.points[i].value) << i;
  for (std::size_t i = 0; i < a.bands.size(); ++i) {
    EXPECT_EQ(a.bands[i].p10, b.bands[i].p10) << i;
    EXPECT_EQ(a.bands[i].p90, b.bands[i].p90) << i;
  }
}

TEST(OwnForecast, CoversEachHourAheadWithItsOrigin) {
  const auto past = series(kDays60, noisy(cycle_and_week, 5));
  const auto forecast = own_forecast(past.view(), at(kDays60) + 10min, 168);
  EXPECT_EQ(forecast.known_until, at(kDays60));
  ASSERT_EQ(forecast.points.size(), 168u);
  for (int i = 0; i < 168; ++i) {
    EXPECT_EQ(forecast.points[i].when, (Interval{at(kDays60 + i), at(kDays60 + i + 1)}));
    EXPECT_EQ(forecast.points[i].origin, Origin::kOwnForecast);
  }
  EXPECT_LT(mean_error(own_forecast(past.view(), at(kDays60), 48), cycle_and_week), 8.0);
}

TEST(OwnForecast, ConstantStaysConstant) {
  for (const double value : {0.0, 0.3, 484.0}) {
    const auto forecast = own_forecast(series(40 * 24, [&](int) { return value; }).view(), at(40 * 24), 168);
    ASSERT_EQ(forecast.points.size(), 168u);
    for (const auto& point : forecast.points) EXPECT_NEAR(point.value.value(), value, 1e-9);
    for (const auto& error : forecast.mean_abs_error) EXPECT_NEAR(error.value(), 0.0, 1e-3);
  }
}

TEST(OwnForecast, ForecastsARepeatingDayExactly) {
  const auto past = series(40 * 24 + 7, cycle);
  const auto forecast = own_forecast(past.view(), at(40 * 24 + 7), 168);
  ASSERT_EQ(forecast.points.size(), 168u);
  for (const auto& point : forecast.points)
    EXPECT_NEAR(point.value.value(), cycle(static_cast<int>((point.when.start - start) / 1h)), 1e-6);
}

TEST(OwnForecast, FollowsANewLevelWithinADay) {
  // The level wanders over days, as weather makes it; then all is 1.6 times as much.
  const auto wandering = [](int hour) { return cycle(hour) + 50 * std::sin(hour / 37.0) + 30 * std::sin(hour / 17.0); };
  const auto base = noisy(wandering, 10);
  const auto truth = [&](int hour) { return wandering(hour) * (hour < kDays60 ? 1.0 : 1.6); };
  const auto past = series(kDays60 + 24, [&](int hour) { return *base(hour) * (hour < kDays60 ? 1.0 : 1.6); });
  const double before = mean_error(own_forecast(past.view(), at(kDays60), 24), truth);
  const double a_day_later = mean_error(own_forecast(past.view(), at(kDays60 + 24), 24), truth);
  EXPECT_GT(before, 150.0);
  EXPECT_LT(a_day_later, 50.0);
}

TEST(OwnForecast, SeesNothingOfTheFuture) {
  const auto base = noisy(cycle_and_week, 15);
  const int issued = kDays60 + 5;
  const auto as_it_came = series(issued + 200, base);
  const auto otherwise = series(issued + 200, [&](int hour) { return hour < issued ? *base(hour) : 5000.0; });
  for (const auto minutes : {0min, 59min}) {
    const auto a = own_forecast(as_it_came.view(), at(issued) + minutes, 100);
    const auto b = own_forecast(otherwise.view(), at(issued) + minutes, 100);
    ASSERT_EQ(a.points.size(), 100u);
    expect_same(a, b);
  }
}

TEST(OwnForecast, HourByHourOrAtOnceIsTheSame) {
  const auto past =
      series(kDays60, [base = noisy(cycle_and_week, 15)](int hour) { return hour % 31 == 0 ? std::nullopt : base(hour); });
  OwnForecaster slowly, at_once;
  for (int hour = 1; hour <= kDays60; ++hour) {
    slowly.learn(past.view(), at(hour));
    slowly.learn(past.view(), at(hour) - 30min);  // a time that was learned already changes nothing
  }
  at_once.learn(past.view(), at(kDays60));
  const OwnForecaster branch = slowly;
  expect_same(*slowly.forecast(at(kDays60), 168), *at_once.forecast(at(kDays60), 168));
  slowly.learn(series(kDays60 + 24, noisy(cycle, 15)).view(), at(kDays60 + 24));
  expect_same(*branch.forecast(at(kDays60), 168), *at_once.forecast(at(kDays60), 168));
}

TEST(OwnForecast, ShorterStepsCountAsTheMeanOfTheirHour) {
  const auto base = noisy(cycle, 15);
  std::vector<IntensityPoint> points;
  for (int step = 0; step < 40 * 24 * 12; ++step) {
    const double offset = step % 12 < 6 ? 9.0 : -9.0;  // adds nothing to the hour's mean
    points.push_back({{start + step * 5min, start + (step + 1) * 5min}, GramsPerKwh(*base(step / 12) + offset), Origin::kActual});
  }
  const auto fine = IntensitySeries::make({}, std::move(points)).value();
  const auto a = own_forecast(fine.view(), at(40 * 24), 48), b = own_forecast(series(40 * 24, base).view(), at(40 * 24), 48);
  ASSERT_EQ(a.points.size(), 48u);
  for (std::size_t i = 0; i < 48; ++i) EXPECT_NEAR(a.points[i].value.value(), b.points[i].value.value(), 1e-3);
}

TEST(OwnForecast, ToleratesGapsAndALateFeed) {
  std::mt19937 random(3);
  const auto base = noisy(cycle_and_week, 5);
  const auto past = series(kDays60, [&](int hour) -> std::optional<double> {
    const bool outage = hour >= 40 * 24 && hour < 42 * 24;
    if (random() % 10 == 0 || outage || hour >= kDays60 - 30) return std::nullopt;
    return base(hour);
  });
  const auto forecast = own_forecast(past.view(), at(kDays60), 48);
  EXPECT_LE(forecast.known_until, at(kDays60 - 30));
  ASSERT_EQ(forecast.points.size(), 48u);
  EXPECT_EQ(forecast.points[0].when.start, at(kDays60));
  EXPECT_LT(mean_error(forecast, cycle_and_week), 15.0);
}

TEST(OwnForecast, StartsAgainAfterALongGap) {
  const auto past = series(kDays60 + 30, [](int hour) -> std::optional<double> {
    if (hour < 30 * 24) return 700.0;
    if (hour < kDays60) return std::nullopt;
    return 100.0;
  });
  OwnForecaster own;
  own.learn(past.view(), at(kDays60 + 20));
  const auto soon = own.forecast(at(kDays60 + 20), 24);
  ASSERT_FALSE(soon);
  EXPECT_EQ(soon.error().message, "own forecast: 20 hours are known, at least 24 are needed");
  own.learn(past.view(), at(kDays60 + 30));
  const auto later = own.forecast(at(kDays60 + 30), 24);
  ASSERT_TRUE(later);
  for (const auto& point : later->points) EXPECT_NEAR(point.value.value(), 100.0, 1e-6);
}

TEST(OwnForecast, AcceptsAnyLengthOfPast) {
  const auto past = series(24 * 24, noisy(cycle_and_week, 5));
  OwnForecaster own;
  for (int hours = 0; hours < 24 * 24; ++hours) {
    own.learn(past.view(), at(hours));
    const auto forecast = own.forecast(at(hours), 168);
    ASSERT_EQ(forecast.ok(), hours >= 24) << hours;
    if (!forecast) continue;
    ASSERT_EQ(forecast->points.size(), 168u) << hours;
    for (const auto& point : forecast->points) {
      EXPECT_GT(point.value.value(), 100.0) << hours;
      EXPECT_LT(point.value.value(), 500.0) << hours;
    }
    if (hours < 7 * 24) {
      EXPECT_TRUE(forecast->bands.empty()) << hours;
    }
  }
}

TEST(OwnForecast, IsEmptyWithoutARecentPast) {
  EXPECT_TRUE(own_forecast({}, start, 24).points.empty());
  const auto past = series(30 * 24, cycle);
  EXPECT_TRUE(own_forecast(past.view(), at(37 * 24), 24).points.empty());
  OwnForecaster own;
  own.learn(past.view(), at(37 * 24));
  EXPECT_EQ(own.forecast(at(36 * 24), 48)->points.size(), 24u);  // as far as a week behind the last known hour
  EXPECT_FALSE(own.forecast(at(29 * 24), 24));
  const auto old = own.forecast(at(37 * 24), 24);
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().message,
            "own forecast: known until 2026-02-04T00:00:00Z, asked at 2026-02-11T00:00:00Z; at most 168 hours ahead of what is "
            "known");
}

TEST(OwnForecast, NeverNegativeAndTheBandsAreInOrder) {
  const auto past = series(kDays60, [base = noisy(cycle, 150)](int hour) { return std::max(0.0, *base(hour) - 300); });
  OwnForecaster own;
  for (int hours = 20 * 24; hours <= kDays60; hours += 7) {
    own.learn(past.view(), at(hours));
    const auto forecast = own.forecast(at(hours), 168);
    ASSERT_TRUE(forecast);
    for (const auto& point : forecast->points) EXPECT_GE(point.value.value(), 0.0);
    for (std::size_t i = 0; i < forecast->bands.size(); ++i) {
      EXPECT_GE(forecast->bands[i].p10.value(), 0.0);
      EXPECT_LE(forecast->bands[i].p10, forecast->points[i].value);
      EXPECT_GE(forecast->bands[i].p90, forecast->points[i].value);
    }
  }
}

TEST(OwnForecast, KnowsItsErrorFromItsOwnLog) {
  const int hours = 90 * 24;
  const auto base = noisy(cycle_and_week, 10);
  const auto past = series(hours + 48, base);
  OwnForecaster own;
  int inside = 0, outside = 0;
  for (int hour = hours - 20 * 24; hour <= hours; hour += 5) {
    own.learn(past.view(), at(hour));
    const auto forecast = own.forecast(at(hour), 48);
    ASSERT_EQ(forecast->mean_abs_error.size(), 48u);
    ASSERT_EQ(forecast->bands.size(), 48u);
    for (int i = 0; i < 48; ++i) {
      EXPECT_GT(forecast->mean_abs_error[i].value(), 6.0);  // E|noise| is 8: it cannot be foreseen
      EXPECT_LT(forecast->mean_abs_error[i].value(), 15.0);
      const double actual = *base(hour + i);
      ++(forecast->bands[i].p10.value() <= actual && actual <= forecast->bands[i].p90.value() ? inside : outside);
    }
  }
  EXPECT_NEAR(static_cast<double>(inside) / (inside + outside), 0.8, 0.07);
}

}  // namespace
}  // namespace carbon::forecast

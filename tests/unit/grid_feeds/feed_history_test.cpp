// SPDX-License-Identifier: Apache-2.0
// A feed's history: the log of its answers as issued, the past made from it, and the errors of its forecasts.
#include "grid_feeds/feed_history.h"

#include <fstream>

#include "forecast/forecast_accuracy.h"
#include "forecast/forecast_log.h"
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

const Instant t0 = utc("2026-11-24T00:00Z");

IntensityPoint hour(int h, double value, Origin origin) { return {{t0 + h * 1h, t0 + (h + 1) * 1h}, GramsPerKwh(value), origin}; }

Reading reading_of(std::vector<IntensityPoint> points) {
  Reading reading;
  reading.points = std::move(points);
  return reading;
}

TEST(ForecastLog, ReadsWhatWasWrittenAfterARestart) {
  TempDir dir;
  const SeriesKind kind{Signal::kMarginal, Emissions::kDirect, Boundary::kProduction};
  ASSERT_TRUE(
      forecast::make_file_log(dir / "feeds")
          ->append(
              "x",
              {t0, kind, {hour(0, 100.25, Origin::kForecast), hour(1, 110, Origin::kForecast), hour(5, 7, Origin::kForecast)}})
          .ok());
  const auto issues = forecast::make_file_log(dir / "feeds")->read("x");
  ASSERT_TRUE(issues.ok());
  ASSERT_EQ(issues->size(), 2u);  // the gap separates two runs
  EXPECT_EQ(issues->at(0).known_at, t0);
  EXPECT_EQ(issues->at(0).kind, kind);
  EXPECT_EQ(issues->at(0).points.at(0).value.value(), 100.25);
  EXPECT_EQ(issues->at(1).points.at(0).when.start, t0 + 5h);
  EXPECT_EQ(issues->at(1).points.at(0).origin, Origin::kForecast);
  EXPECT_TRUE(forecast::make_file_log(dir / "feeds")->read("other")->empty());
}

TEST(ForecastLog, ATornOrDamagedLineIsPassedOverAndTheNextIsWhole) {
  TempDir dir;
  const auto log = forecast::make_file_log(dir.path());
  ASSERT_TRUE(log->append("x", {t0, {}, {hour(0, 100, Origin::kActual)}}).ok());
  std::ofstream(dir / "x.log", std::ios::app)
      << forecast::format_run({t0, {}, {hour(1, 200, Origin::kActual)}}).substr(0, 40);  // a power failure
  ASSERT_TRUE(log->append("x", {t0, {}, {hour(2, 300, Origin::kActual)}}).ok());
  const auto issues = log->read("x");
  ASSERT_EQ(issues->size(), 2u);
  EXPECT_EQ(issues->at(1).points.at(0).value.value(), 300);
  auto line = forecast::format_run({t0, {}, {hour(1, 200, Origin::kActual)}});
  EXPECT_TRUE(forecast::parse_run(line).ok());
  for (auto& c : line) {
    const char was = c;
    c = static_cast<char>(c ^ 1);
    EXPECT_FALSE(forecast::parse_run(line).ok()) << line;
    c = was;
  }
}

TEST(ForecastLog, ForgetsOldForecastsBeforeOldMeasurements) {
  TempDir dir;
  const auto log = forecast::make_file_log(dir.path());
  for (const int day : {0, 10, 20}) {
    ASSERT_TRUE(log->append("x", {t0 + day * 24h, {}, {hour(day * 24, 1, Origin::kActual)}}).ok());
    ASSERT_TRUE(log->append("x", {t0 + day * 24h, {}, {hour(day * 24, 2, Origin::kForecast)}}).ok());
  }
  ASSERT_TRUE(log->forget("x", t0 + 15 * 24h, t0 + 5 * 24h).ok());
  std::string left;
  const auto kept = log->read("x");
  for (const auto& issue : *kept) left += std::to_string(static_cast<int>(issue.points[0].value.value()));
  EXPECT_EQ(left, "112");
}

TEST(FeedHistory, MeasuredReplacesForecastAndCorrectionReplacesMeasured) {
  const auto log = forecast::make_memory_log();
  FeedHistory history(*log, "x");
  ASSERT_TRUE(history.add(reading_of({hour(0, 100, Origin::kForecast), hour(1, 110, Origin::kForecast)}), t0).ok());
  ASSERT_TRUE(history.add(reading_of({hour(0, 90, Origin::kActual)}), t0 + 2h).ok());
  EXPECT_EQ(history.past().view().at(t0)->value(), 90);
  EXPECT_EQ(history.past().view().at(t0 + 1h)->value(), 110);  // nothing better is known
  ASSERT_TRUE(history.add(reading_of({hour(0, 95, Origin::kActual)}), t0 + 3h).ok());
  EXPECT_EQ(history.past().view().at(t0)->value(), 95);
  ASSERT_TRUE(history.add(reading_of({hour(0, 200, Origin::kForecast)}), t0 + 4h).ok());
  EXPECT_EQ(history.past().view().at(t0)->value(), 95);  // a forecast of the past does not replace it
  EXPECT_EQ(history.measured().points().size(), 1u);
}

TEST(FeedHistory, LogsChangesAtOnceAndForecastsOnceAnHour) {
  const auto log = forecast::make_memory_log();
  FeedHistory history(*log, "x");
  for (int minute = 0; minute < 120; minute += 10) {
    ASSERT_TRUE(
        history.add(reading_of({hour(-1, 90, Origin::kActual), hour(5, 100 + minute, Origin::kForecast)}), t0 + minute * 1min)
            .ok());
  }
  EXPECT_EQ(log->read("x")->size(), 1u + 2u);
}

TEST(FeedHistory, RestoresItsPastAfterARestart) {
  TempDir dir;
  const auto log = forecast::make_file_log(dir.path());
  {
    FeedHistory history(*log, "x");
    Reading reading;
    reading.kind.emissions = Emissions::kDirect;
    for (int h = -48; h < 0; ++h) reading.points.push_back(hour(h, 100 + h % 24, Origin::kActual));
    ASSERT_TRUE(history.add(reading, t0).ok());
  }
  FeedHistory history(*log, "x");
  EXPECT_EQ(history.kind()->emissions, Emissions::kDirect);
  EXPECT_EQ(history.past().points().size(), 48u);
  EXPECT_GE(history.own(t0).points.size(), 24u);
}

TEST(LevelRatio, NeedsADayInCommonAndPlausiblySimilarLevels) {
  const auto series = [](int hours, double value) {
    std::vector<IntensityPoint> points;
    for (int h = -hours; h < 0; ++h) points.push_back(hour(h, value, Origin::kActual));
    return IntensitySeries::make({}, points).value();
  };
  const auto a = series(30, 300), b = series(40, 200), little = series(20, 200), strange = series(40, 10);
  EXPECT_DOUBLE_EQ(level_ratio(a.view(), b.view(), t0).value(), 1.5);
  EXPECT_FALSE(level_ratio(a.view(), little.view(), t0).has_value());
  EXPECT_FALSE(level_ratio(a.view(), strange.view(), t0).has_value());
}

TEST(Accuracy, ErrorsByHowFarAheadTheForecastLooked) {
  std::vector<IntensityPoint> actual, ahead;
  for (int h = 0; h < 24; ++h) {
    actual.push_back(hour(h, 100, Origin::kActual));
    ahead.push_back(hour(h, h == 0 ? 110 : 80, Origin::kForecast));
  }
  const forecast::Issue issue{t0, {}, ahead};
  const auto errors = forecast::measure_accuracy({&issue, 1}, IntensitySeries::make({}, actual)->view());
  ASSERT_EQ(errors.size(), 5u);  // 0-1, 1-3, 3-6, 6-12, 12-24
  EXPECT_EQ(errors[0].count, 1u);
  EXPECT_DOUBLE_EQ(errors[0].mean_abs.value(), 10);
  EXPECT_DOUBLE_EQ(errors[0].bias.value(), 10);
  EXPECT_DOUBLE_EQ(errors[4].mean_abs.value(), 20);
  EXPECT_DOUBLE_EQ(errors[4].bias.value(), -20);
  EXPECT_DOUBLE_EQ(errors[4].mape, 0.2);
  EXPECT_DOUBLE_EQ(errors[4].low, 1.25);
  EXPECT_EQ(errors[4].count, 12u);
}

}  // namespace
}  // namespace carbon::grid_feeds

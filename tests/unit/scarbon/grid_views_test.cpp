// SPDX-License-Identifier: Apache-2.0
#include "scarbon/reports/grid_views.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace carbon::scarbon {
namespace {

using nlohmann::json;

const json kGrid = json::parse(R"({"sites": [
  {"name": "a", "problem": "gb-neso: HTTP 403 Forbidden", "feeds": [
     {"provider": "gb-neso", "ok": false, "since": "2026-11-24T03:00:00Z", "last_good": null, "problem": "HTTP 403 Forbidden", "left_out": "", "note": ""},
     {"provider": "kpx", "ok": true, "since": "2026-11-24T01:00:00Z", "last_good": "2026-11-24T03:00:00Z", "problem": "",
      "left_out": "zeros from x to y were left out", "note": "multiplied by 3.00"}],
   "points": [
     {"start": "2026-11-24T03:00:00Z", "end": "2026-11-24T04:00:00Z", "g_per_kwh": 200, "origin": "actual"},
     {"start": "2026-11-24T04:00:00Z", "end": "2026-11-24T05:00:00Z", "g_per_kwh": 100, "origin": "forecast", "low": 90, "high": 120},
     {"start": "2026-11-24T06:00:00Z", "end": "2026-11-24T07:00:00Z", "g_per_kwh": 150, "origin": "own-forecast"}]},
  {"name": "b", "problem": "the feeds have not been asked yet", "feeds": [], "points": []}]})");

struct GridViews : testing::Test {
  void SetUp() override {
    setenv("TZ", "UTC", 1);
    tzset();
  }
};

TEST_F(GridViews, FeedsSayHowTheyStandAndWhatWasRefused) {
  const auto said = print_table(feeds_table(kGrid), {TableLayout::kParsable2, false, "|"});
  EXPECT_EQ(said,
            "a|gb-neso|out|2026-11-24T03:00:00|never|HTTP 403 Forbidden\n"
            "a|kpx|ok|2026-11-24T01:00:00|2026-11-24T03:00:00|zeros from x to y were left out; multiplied by 3.00\n");
  EXPECT_EQ(feed_problems(kGrid),
            (std::vector<std::string>{"a: gb-neso: HTTP 403 Forbidden", "a: kpx: zeros from x to y were left out",
                                      "b: the feeds have not been asked yet"}));
}

TEST_F(GridViews, AccuracyIsARowPerMakerAndHorizon) {
  const auto answer =
      json::parse(R"({"sites": [{"name": "a", "simulated": true, "makers": [{"provider": "gb-neso", "origin": "forecast",
    "horizons": [{"from_s": 3600, "to_s": 10800, "count": 480, "mae_g_per_kwh": 12.5, "bias_g_per_kwh": -0.75, "mape": 0.061,
      "low": 0.93, "high": 1.084}]}]}, {"name": "b", "makers": []}]})");
  EXPECT_EQ(print_table(accuracy_table(answer), {TableLayout::kParsable2, false, "|"}),
            "a|gb-neso(sim)|forecast|1-3|480|12.50|-0.7500|6.1|0.93|1.08\n");
}

TEST_F(GridViews, APlotHasALinePerStepWithBandLabelAndBar) {
  const auto ahead = ahead_of(kGrid["sites"][0]);
  ASSERT_TRUE(ahead.ok());
  const auto from = parse_utc("2026-11-24T03:00Z").value();
  using std::chrono::hours;
  Plot plot{from, Duration(hours(1)), 4, Interval{from + hours(1), from + hours(2)}, false};
  const auto bar = [](int n) { return std::string(static_cast<std::size_t>(n), '#'); };
  EXPECT_EQ(plot_site(*ahead, plot), "2026-11-24T03:00:00    200             actual        " + bar(40) +
                                         "\n"
                                         "2026-11-24T04:00:00    100      90-120 forecast      " +
                                         bar(20) +
                                         " *\n"
                                         "2026-11-24T05:00:00                                  \n"
                                         "2026-11-24T06:00:00    150             own-forecast  " +
                                         bar(30) + "\n");
  plot.terminal = true;
  EXPECT_NE(plot_site(*ahead, plot).find("\x1b[32m\u2588"), std::string::npos) << "the greenest window in green";
}

// A window may start at the last moment of the search, whatever the time since the first value began.
TEST_F(GridViews, APlotReachesTheLatestStart) {
  const auto ahead = ahead_of(kGrid["sites"][0]);
  ASSERT_TRUE(ahead.ok());
  using std::chrono::minutes;
  for (const int minute : {0, 1, 29, 30, 58, 60, 179}) {
    const auto at = parse_utc("2026-11-24T03:00Z").value() + minutes(minute);
    const auto plot = plot_ahead(ahead->series, at, Duration(minutes(720)));
    EXPECT_EQ(plot.step, Duration(minutes(30)));
    EXPECT_LE(plot.from, at) << minute;
    EXPECT_GT(plot.from + plot.step, at) << minute;
    EXPECT_GT(plot.from + plot.step * static_cast<std::int64_t>(plot.rows), at + minutes(720)) << minute;
    EXPECT_LE(plot.rows, 25u);
  }
}

TEST_F(GridViews, PointsThatOverlapAreAnErrorThatNamesTheSite) {
  auto site = kGrid["sites"][0];
  site["points"].push_back(site["points"][0]);
  const auto ahead = ahead_of(site);
  ASSERT_FALSE(ahead.ok());
  EXPECT_EQ(ahead.error().message.substr(0, 3), "a: ");
}

}  // namespace
}  // namespace carbon::scarbon

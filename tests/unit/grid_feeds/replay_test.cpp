// SPDX-License-Identifier: Apache-2.0
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace replay_test {
using namespace std::chrono_literals;

constexpr const char* kFile =
    "datetime,KR,GB\n"
    "2022-01-01T00:00Z,400,100\n"
    "2022-01-01T01:00Z,410,110\n"
    "2022-01-01T02:00Z,,120\n"
    "2022-01-01T03:00Z,430,130\n";
const Instant origin = utc("2026-11-24T00:00Z");

Query at(Duration now, Duration from, Duration to) { return {origin + now, {origin + from, origin + to}, {}}; }

Options options(const std::string& scale = "1", const std::string& start = "2022-01-01T00:00Z") {
  return {{"file", "/tmp/x.csv"}, {"origin", "2026-11-24T00:00Z"}, {"scale", scale}, {"start", start}};
}

TEST(Replay, PlaysInWallTimeMarkedSimulatedPastActualAndFutureForecast) {
  const auto reading = parse(feed_of("replay", "GB", options()), at(90min, 0h, 4h), {{"file", kFile}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_TRUE(reading->simulated);
  ASSERT_EQ(reading->points.size(), 4u);
  EXPECT_EQ(reading->points[1].when, (Interval{origin + 1h, origin + 2h}));
  EXPECT_EQ(reading->points[1].value.value(), 110);
  EXPECT_EQ(reading->points[0].origin, Origin::kActual);
  EXPECT_EQ(reading->points[1].origin, Origin::kForecast);
}

TEST(Replay, ADayAMinuteAtScale1440) {
  const auto reading = parse(feed_of("replay", "GB", options("1440")), at(0s, 0s, 10s), {{"file", kFile}});
  ASSERT_TRUE(reading.ok());
  ASSERT_EQ(reading->points.size(), 4u);
  EXPECT_EQ(reading->points[3].when, (Interval{origin + 7500ms, origin + 10s}));
}

TEST(Replay, BeginsAgainAtItsEndAndReachesBackBeforeItsOrigin) {
  const auto reading = parse(feed_of("replay", "GB", options()), at(0h, -1h, 9h), {{"file", kFile}});
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(value_at(*reading, origin - 1h), 130);
  EXPECT_EQ(value_at(*reading, origin + 3h), 130);
  EXPECT_EQ(value_at(*reading, origin + 4h), 100);
  EXPECT_EQ(value_at(*reading, origin + 8h + 59min), 100);
}

TEST(Replay, StartSaysWhichTimeOfTheFileTheOriginIs) {
  const auto reading = parse(feed_of("replay", "GB", options("1", "2022-01-01T02:30Z")), at(0h, 0h, 1h), {{"file", kFile}});
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(reading->points[0].when, (Interval{origin - 30min, origin + 30min}));
  EXPECT_EQ(reading->points[0].value.value(), 120);
}

TEST(Replay, AnEmptyFieldIsAGap) {
  const auto reading = parse(feed_of("replay", "KR", options()), at(0h, 0h, 4h), {{"file", kFile}});
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(reading->points.size(), 3u);
  EXPECT_EQ(value_at(*reading, origin + 2h), -1);
}

TEST(Replay, ErrorsNameLineAndColumn) {
  const auto error = [](const std::string& zone, const std::string& body) {
    return parse(feed_of("replay", zone, options()), at(0h, 0h, 4h), {{"file", body}}).error().message;
  };
  EXPECT_EQ(error("FR", kFile), "line 1: no column 'FR'; there are: datetime,KR,GB");
  EXPECT_EQ(error("GB", "datetime,GB\n2022-01-01,1\n2022-01-02,much\n"),
            "line 3: 'much' in column GB; accepted: a number or nothing");
  EXPECT_EQ(error("GB", "datetime,GB\n2022-01-02,1\n2022-01-01,1\n"),
            "line 3: its time is not after that of the line before; accepted: UTC, or local time with its offset");
  EXPECT_EQ(error("GB", "datetime,GB\n2022-01-02\n"), "line 2: has 1 fields, the header 2");
  EXPECT_EQ(error("GB", "datetime,GB\n2022-01-02,1\n"), "contains fewer than two rows");
  EXPECT_FALSE(parse(feed_of("replay", "GB", options("0")), at(0h, 0h, 4h), {{"file", kFile}}).ok());
  EXPECT_FALSE(parse(feed_of("replay", "GB", options("1e12")), at(0h, 0h, 4h), {{"file", kFile}}).ok());
}

TEST(Replay, AColumnWithoutValuesIsAnError) {
  const auto reading =
      parse(feed_of("replay", "KR", options()), at(0h, 0h, 4h), {{"file", "datetime,KR\n2022-01-01,\n2022-01-02,\n"}});
  ASSERT_FALSE(reading.ok());
  EXPECT_EQ(reading.error().message, "column 'KR' contains no value in this window");
}

TEST(Replay, PlaysARealYear) {
  const auto file = shared_folder() / "data/intensity/hourly_2022.csv";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no recorded year here: " << file;
  const auto reading = parse(feed_of("replay", "KR", options()), at(0h, 0h, 24h * 365), {{"file", read_file(file)}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_EQ(reading->points.size(), 8760u);
  EXPECT_EQ(reading->points[1].value.value(), 478.54);
}

}  // namespace replay_test
}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace csv_test {

const Query query{utc("2026-11-24T03:10Z"), {utc("2026-11-24T00:00Z"), utc("2026-11-25T00:00Z")}, {}};

TEST(CsvFile, PastIsActualAndFutureForecast) {
  const auto reading =
      parse(feed_of("csv", "KR", {{"file", "/x.csv"}}), query,
            {{"file",
              "datetime,KR\r\n2026-11-23T00:00Z,1\r\n2026-11-24T02:00Z,400\r\n2026-11-24T03:00Z,\r\n2026-11-24T04:00Z,420\r\n"}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  ASSERT_EQ(reading->points.size(), 2u);
  EXPECT_FALSE(reading->simulated);
  EXPECT_EQ(reading->points[0].origin, Origin::kActual);
  EXPECT_EQ(reading->points[1].when, (Interval{utc("2026-11-24T04:00Z"), utc("2026-11-24T05:00Z")}));
  EXPECT_EQ(reading->points[1].origin, Origin::kForecast);
}

TEST(CsvFile, ColumnsMayBeNamed) {
  const auto feed = feed_of("csv", "KR", {{"file", "/x.csv"}, {"time_column", "when"}, {"value_column", "g"}});
  EXPECT_EQ(value_at(*parse(feed, query, {{"file", "g,when\n12.5,2026-11-24 02:00:00\n"}}), utc("2026-11-24T02:30Z")), 12.5);
  EXPECT_EQ(parse(feed, query, {{"file", "g,time\n"}}).error().message, "line 1: no column 'when'; there are: g,time");
}

TEST(CsvFile, AnOldFileIsAnError) {
  const auto reading = parse(feed_of("csv", "KR", {{"file", "/x.csv"}}), query, {{"file", "datetime,KR\n2020-01-01,1\n"}});
  ASSERT_FALSE(reading.ok());
  EXPECT_EQ(reading.error().message, "the file contains no value from 2026-11-24T00:00:00Z on");
}

}  // namespace csv_test
}  // namespace carbon::grid_feeds

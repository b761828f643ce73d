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

// As Electricity Maps' own downloads are.
TEST(CsvFile, AQuotedCommaShiftsNoColumn) {
  const auto feed =
      feed_of("csv", "X", {{"file", "/x.csv"}, {"time_column", "Datetime (UTC)"}, {"value_column", "g (Life cycle)"}});
  const std::string text =
      "\xef\xbb\xbf"
      "Datetime (UTC),Zone name,g (direct),g (Life cycle)\r\n"
      "2026-11-24 01:00:00,\"Power, Inc. \"\"North\"\"\",300.5,412.25\r\n2026-11-24 02:00:00,\"Two\nlines, "
      "too\",301.5,413.25\r\n";
  const auto reading = parse(feed, query, {{"file", text}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_EQ(value_at(*reading, utc("2026-11-24T01:30Z")), 412.25);
  EXPECT_EQ(value_at(*reading, utc("2026-11-24T02:30Z")), 413.25);
  const auto error = [&feed](const std::string& body) { return parse(feed, query, {{"file", body}}).error().message; };
  EXPECT_EQ(error("Datetime (UTC),Zone name,g (Life cycle)\n2026-11-24 01:00:00,Power, Inc.,412.25\n"),
            "line 2: has 4 fields, the header 3");
  EXPECT_EQ(error("Datetime (UTC),\"g, direct\"\n"),
            "line 1: no column 'g (Life cycle)'; there are: Datetime (UTC),\"g, direct\"");
}

TEST(CsvFile, TheHourThatLocalTimeHasTwiceNeedsItsOffset) {
  const Query autumn{utc("2026-10-25T06:00Z"), {utc("2026-10-24T22:00Z"), utc("2026-10-26T00:00Z")}, {}};
  const auto feed = feed_of("csv", "DE", {{"file", "/x.csv"}});
  const auto reading = parse(
      feed, autumn, {{"file", "datetime,DE\n2026-10-25T02:00+02:00,1\n2026-10-25T02:00+01:00,2\n2026-10-25T03:00+01:00,3\n"}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_EQ(value_at(*reading, utc("2026-10-25T00:30Z")), 1);
  EXPECT_EQ(value_at(*reading, utc("2026-10-25T01:30Z")), 2);
  EXPECT_EQ(parse(feed, autumn, {{"file", "datetime,DE\n2026-10-25 02:00,1\n2026-10-25 02:00,2\n"}}).error().message,
            "line 3: its time is not after that of the line before; accepted: UTC, or local time with its offset");
}

TEST(CsvFile, AnOldFileIsAnError) {
  const auto reading = parse(feed_of("csv", "KR", {{"file", "/x.csv"}}), query, {{"file", "datetime,KR\n2020-01-01,1\n"}});
  ASSERT_FALSE(reading.ok());
  EXPECT_EQ(reading.error().message, "the file contains no value from 2026-11-24T00:00:00Z on");
}

}  // namespace csv_test
}  // namespace carbon::grid_feeds

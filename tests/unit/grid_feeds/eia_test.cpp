// SPDX-License-Identifier: Apache-2.0
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace eia_test {

const Query query{utc("2026-11-24T03:10Z"), {utc("2026-11-24T01:10Z"), utc("2026-11-27T00:00Z")}, {}};

std::string row(const std::string& period, const std::string& fuel, const std::string& value) {
  return R"({"period":")" + period + R"(","respondent":"CISO","fueltype":")" + fuel + R"(","value":)" + value +
         R"(,"value-units":"megawatthours"})";
}
std::string body(const std::string& rows) {
  return R"({"response":{"total":3,"frequency":"hourly","data":[)" + rows + R"(]},"apiVersion":"2.1.8"})";
}

TEST(Eia, AsksForThreeDaysAtLeastBecauseManyReportLate) {
  auto feed = feed_of("eia", "US-CAL-CISO", {{"respondent", "CISO"}});
  feed.secret = "KEY";
  EXPECT_EQ(feed.provider->requests(feed, query).at(0).http.url,
            "https://api.eia.gov/v2/electricity/rto/fuel-type-data/data/"
            "?api_key=KEY&frequency=hourly&data[]=value&facets[respondent][]=CISO&"
            "start=2026-11-21T03&end=2026-11-24T03&sort[0][column]=period&sort[0][direction]=desc&offset=0&length=5000");
}

TEST(Eia, ThePeriodIsTheHourThatEnds) {
  const auto reading = parse(feed_of("eia", "CISO"), query,
                             {{"mix", body(row("2026-11-23T11", "NG", "300") + "," + row("2026-11-23T11", "SUN", "\"100\""))}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  ASSERT_EQ(reading->points.size(), 1u);
  EXPECT_EQ(reading->points[0].when, (Interval{utc("2026-11-23T10:00Z"), utc("2026-11-23T11:00Z")}));
  EXPECT_DOUBLE_EQ(reading->points[0].value.value(), (300 * 490 + 100 * 45) / 400.0);
}

TEST(Eia, StorageAndNightlyOwnUseDoNotCountAndUnknownFuelsAreNamed) {
  const auto reading = parse(feed_of("eia", "CISO"), query,
                             {{"mix", body(row("2026-11-23T11", "NG", "300") + "," + row("2026-11-23T11", "SUN", "-8") + "," +
                                           row("2026-11-23T11", "BAT", "-500") + "," + row("2026-11-23T11", "XYZ", "3"))}});
  ASSERT_TRUE(reading.ok());
  EXPECT_DOUBLE_EQ(reading->points[0].value.value(), (300 * 490 + 3 * 700) / 303.0);
  EXPECT_EQ(reading->notes.at(0), "fuel 'XYZ' is not known and counts as other (700 g/kWh)");
}

TEST(Eia, AnHourThatLacksAFuelOfWeightIsLeftOut) {
  const auto reading = parse(feed_of("eia", "CISO"), query,
                             {{"mix", body(row("2026-11-23T11", "NG", "300") + "," + row("2026-11-23T11", "SUN", "300") + "," +
                                           row("2026-11-23T12", "NG", "null") + "," + row("2026-11-23T12", "SUN", "300"))}});
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(reading->points.size(), 1u);
}

// Of three days: gas 300, sun 100 by day, hydro 50.
TEST(Eia, AWildValueAndAnHourWithoutGasAreLeftOutAndSaid) {
  std::string rows;
  for (int hour = 0; hour < 72; ++hour) {
    const auto end = format_utc(utc("2026-11-21T01:00Z") + std::chrono::hours(hour)).substr(0, 13);
    if (hour != 40) rows += row(end, "NG", "300") + ",";
    rows += row(end, "SUN", hour % 24 > 8 && hour % 24 < 18 ? "100" : "-1") + ",";
    rows += row(end, "WAT", hour == 30 ? "\"1000000\"" : "50") + (hour < 71 ? "," : "");
  }
  const auto reading = parse(feed_of("eia", "CISO"), query, {{"mix", body(rows)}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_EQ(reading->points.size(), 70u);
  EXPECT_EQ(value_at(*reading, utc("2026-11-22T06:30Z")), -1);
  EXPECT_EQ(value_at(*reading, utc("2026-11-22T16:30Z")), -1);
  EXPECT_DOUBLE_EQ(value_at(*reading, utc("2026-11-22T05:30Z")), (300 * 490 + 50 * 24) / 350.0);
  EXPECT_EQ(reading->notes,
            (std::vector<std::string>{"1 times were left out: a fuel's output was implausible, first WAT of 1000000 MW at "
                                      "2026-11-22T06:00:00Z",
                                      "1 times were left out: a fuel was missing, first NG at 2026-11-22T16:00:00Z"}));
}

TEST(Eia, ARowThatComesTwiceCountsOnceTheLaterOne) {
  const auto rows =
      row("2026-11-23T11", "NG", "100") + "," + row("2026-11-23T11", "SUN", "300") + "," + row("2026-11-23T11", "NG", "300");
  EXPECT_DOUBLE_EQ(value_at(*parse(feed_of("eia", "CISO"), query, {{"mix", body(rows)}}), utc("2026-11-23T10:30Z")),
                   (490 + 45) / 2.0);
}

TEST(Eia, NoRowsAndErrors) {
  const auto error = [](const std::string& text) {
    return parse(feed_of("eia", "CISOO"), query, {{"mix", text}}).error().message;
  };
  EXPECT_EQ(error(body("")), "the answer contains no rows: is 'CISOO' a balancing authority?");
  EXPECT_EQ(error(R"({"error":"Invalid facet","code":400})"), "the provider answered: Invalid facet");
}

TEST(Eia, AnotherRespondentIsRefused) {
  EXPECT_EQ(parse(feed_of("eia", "PJM"), query, {{"mix", body(row("2026-11-23T11", "NG", "300"))}}).error().message,
            "asked for respondent PJM, but the answer is for CISO");
}

// A broken time stamp must cost neither time nor memory (found by the fuzzer).
TEST(Eia, HoursThatAreYearsApartAreNoMix) {
  const auto rows = row("2001-01-01T11", "NG", "300") + "," + row("2026-11-23T11", "NG", "300");
  EXPECT_EQ(parse(feed_of("eia", "CISO"), query, {{"mix", body(rows)}}).error().message, "the answer contains no values");
}

TEST(Eia, Recorded) {
  CARBON_RECORDED(gas, "eia_v2/US_NW_PACW-gas.json");
  CARBON_RECORDED(wind, "eia_v2/US_NW_BPAT-wind.json");
  CARBON_RECORDED(nulls, "eia_v2/US-NW-PGE-with-nulls.json");
  CARBON_RECORDED(battery, "eia_v2/US_CAL_IID-battery_storage.json");
  EXPECT_EQ(value_at(*parse(feed_of("eia", "PACW"), query, {{"mix", gas}}), utc("2022-10-31T10:30Z")), 490);
  EXPECT_EQ(value_at(*parse(feed_of("eia", "BPAT"), query, {{"mix", wind}}), utc("2022-10-31T11:30Z")), 11);
  const auto with_nulls = parse(feed_of("eia", "PGE"), query, {{"mix", nulls}});
  EXPECT_EQ(value_at(*with_nulls, utc("2022-10-31T10:30Z")), -1);
  EXPECT_EQ(value_at(*with_nulls, utc("2022-10-31T11:30Z")), 490);
  EXPECT_EQ(parse(feed_of("eia", "EIA"), query, {{"mix", battery}}).error().message,
            "the answer contains no values");  // storage alone
}

}  // namespace eia_test
}  // namespace carbon::grid_feeds

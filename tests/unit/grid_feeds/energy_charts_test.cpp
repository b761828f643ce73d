// SPDX-License-Identifier: Apache-2.0
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace energy_charts_test {

const Query query{utc("2026-11-24T03:10Z"), {utc("2026-11-23T03:10Z"), utc("2026-11-27T00:00Z")}, {}};

TEST(EnergyCharts, AsksForTheCountryOfTheZone) {
  const auto feed = feed_of("energy-charts", "DE-LU");
  EXPECT_EQ(feed.provider->requests(feed, query).at(0).http.url,
            "https://api.energy-charts.info/co2eq?country=de&start=2026-11-23T03%3A00%3A00Z&end=2026-11-27T00%3A00%3A00Z");
}

TEST(EnergyCharts, MeasuredThenForecastAndNullIsAGap) {
  const auto reading =
      parse(feed_of("energy-charts", "DE"), query, {{"co2eq", R"({"unix_seconds":[1783893600,1783894500,1783895400,1783896300],
    "co2eq":[491.5,null,null,null],"co2eq_forecast":[null,null,505.0,508.0],"deprecated":false})"}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  ASSERT_EQ(reading->points.size(), 3u);
  EXPECT_EQ(reading->points[0].origin, Origin::kActual);
  EXPECT_EQ(reading->points[0].when.length(), std::chrono::minutes(15));
  EXPECT_EQ(reading->points[1].value.value(), 505.0);
  EXPECT_EQ(reading->points[1].origin, Origin::kForecast);
  EXPECT_TRUE(reading->notes.empty());
}

TEST(EnergyCharts, AForecastOnAnotherBasisIsBroughtToThatOfTheMeasuredValuesAndSaysSo) {
  const auto reading = parse(feed_of("energy-charts", "CH"), query, {{"co2eq", R"({"unix_seconds":[0,3600,7200,10800,14400],
    "co2eq":[10,20,10,20,null],"co2eq_forecast":[20,40,20,40,30]})"}});
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(reading->points[4].value.value(), 15);
  EXPECT_NE(reading->notes.at(0).find("multiplied by 0.5"), std::string::npos);
}

TEST(EnergyCharts, OneWildValueDoesNotSetTheBasis) {
  const auto reading = parse(feed_of("energy-charts", "CH"), query, {{"co2eq", R"({"unix_seconds":[0,3600,7200,10800,14400,18000],
    "co2eq":[10,2000,10,20,10,null],"co2eq_forecast":[20,40,20,40,20,30]})"}});
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(reading->points[5].value.value(), 15);
}

TEST(EnergyCharts, ArraysThatDoNotMatchAreRefused) {
  const auto error = [](const std::string& body) {
    return parse(feed_of("energy-charts", "DE"), query, {{"co2eq", body}}).error().message;
  };
  EXPECT_EQ(error(R"({"unix_seconds":[1,2],"co2eq":[1],"co2eq_forecast":[1,2]})"),
            "unix_seconds, co2eq and co2eq_forecast differ in length: 2, 1, 2");
  EXPECT_EQ(error(R"({"unix_seconds":[900,0],"co2eq":[1,2],"co2eq_forecast":[1,2]})"), "unix_seconds[1] goes back in time");
  EXPECT_EQ(error(R"({"unix_seconds":["x"],"co2eq":[1],"co2eq_forecast":[1]})"), "unix_seconds[0] is not a time");
  EXPECT_EQ(error("{}"), "the answer contains no values");
}

TEST(EnergyCharts, Recorded) {
  struct Case {
    std::string country, file;
    std::size_t points;
    std::string time;
    double value;
  };
  for (const auto& [country, file, points, at, value] :
       {Case{"DE", "co2eq_de_2024-03-22.json", 188, "2024-03-22T00:00Z", 322},
        Case{"AT", "co2eq_at_2024-03-22.json", 284, "2024-03-22T18:00Z", 88.3},
        Case{"FR", "co2eq_fr_2024-03-22.json", 47, "2024-03-23T00:30Z", 46.6},
        Case{"DE", "co2eq_de_2026-07_excerpt.json", 5, "2026-07-12T22:45Z", 505}}) {
    CARBON_RECORDED(body, "energy_charts_v1/" + file);
    const auto reading = parse(feed_of("energy-charts", country), query, {{"co2eq", body}});
    ASSERT_TRUE(reading.ok()) << file << reading.error().message;
    EXPECT_EQ(reading->points.size(), points) << file;
    EXPECT_EQ(value_at(*reading, utc(at)), value) << file;
  }
}

// Switzerland's measured values and its forecast of the same hours differ by more than a factor of two.
TEST(EnergyCharts, RecordedSwitzerlandIsNotSplicedBlindly) {
  CARBON_RECORDED(body, "energy_charts_v1/co2eq_ch_2024-03-22.json");
  const auto reading = parse(feed_of("energy-charts", "CH"), query, {{"co2eq", body}});
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(value_at(*reading, utc("2024-03-22T12:30Z")), 15.8);
  EXPECT_EQ(reading->notes.size(), 1u);
}

}  // namespace energy_charts_test
}  // namespace carbon::grid_feeds

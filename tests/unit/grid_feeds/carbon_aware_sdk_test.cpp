// SPDX-License-Identifier: Apache-2.0
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace carbon_aware_sdk_test {

const Query query{utc("2026-11-24T03:10Z"), {utc("2026-11-23T03:10Z"), utc("2026-11-27T00:00Z")}, {}};

Feed file_of(const std::string& zone) { return feed_of("carbon-aware-sdk", zone, {{"file", "/x.json"}}); }

TEST(CarbonAwareSdk, RatingsOfTheLocationAsNumbersOrTexts) {
  const auto reading = parse(file_of("Sydney"), query,
                             {{"file",
                               "\xef\xbb\xbf"
                               R"({"Emissions":[
    {"Location":"Sydney","Rating":"600.5","Time":"2026-11-24T02:00:00","Duration":"01:00:00"},
    {"Location":"Melbourne","Rating":700,"Time":"2026-11-24T02:00:00"},
    {"Location":"Sydney","Rating":610,"Time":"2026-11-24T03:00:00+00:00","Duration":"1.00:00:00"},
    {"Location":"Sydney","Rating":null,"Time":"2026-11-24T04:00:00"}]})"}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  ASSERT_EQ(reading->points.size(), 2u);
  EXPECT_EQ(reading->points[0].value.value(), 600.5);
  EXPECT_EQ(reading->points[0].origin, Origin::kActual);
  EXPECT_EQ(reading->points[1].when.length(), std::chrono::hours(24));
  EXPECT_EQ(reading->points[1].origin, Origin::kForecast);
}

TEST(CarbonAwareSdk, ALocationThatIsNotThereIsNamed) {
  EXPECT_EQ(parse(file_of("Oslo"), query, {{"file", R"({"Emissions":[{"Location":"Sydney","Rating":1,"Time":"2026-01-01"}]})"}})
                .error()
                .message,
            "the file contains no value for location Oslo");
}

TEST(CarbonAwareSdk, Recorded) {
  CARBON_RECORDED(forecast, "gsf_json_file/emissions_forecast_de_2024-03-24.json");
  CARBON_RECORDED(sample, "gsf_json_file/sample-emissions-data.json");
  const auto ahead = parse(file_of("DE"), query, {{"file", forecast}});
  ASSERT_TRUE(ahead.ok()) << ahead.error().message;
  EXPECT_EQ(value_at(*ahead, utc("2024-03-24T00:16Z")), 184.9);
  EXPECT_EQ(value_at(*ahead, utc("2024-03-24T01:00Z")), 185.1);
  const auto cities = parse(file_of("Sydney"), query, {{"file", sample}});
  ASSERT_TRUE(cities.ok()) << cities.error().message;
  EXPECT_EQ(value_at(*cities, utc("2021-04-01T12:00Z")), 0.7);
}

}  // namespace carbon_aware_sdk_test
}  // namespace carbon::grid_feeds

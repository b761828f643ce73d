// SPDX-License-Identifier: Apache-2.0
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace electricity_maps_test {

const Query query{utc("2026-11-24T03:10Z"), {utc("2026-11-23T03:10Z"), utc("2026-11-27T00:00Z")}, {}};

constexpr const char* kHistory = R"({"zone":"KR","history":[
  {"zone":"KR","carbonIntensity":433.5,"datetime":"2026-11-24T01:00:00.000Z","isEstimated":false,"estimationMethod":null},
  {"zone":"KR","carbonIntensity":440,"datetime":"2026-11-24T02:00:00.000Z","isEstimated":true,"estimationMethod":"TIME_SLICER_AVERAGE"},
  {"zone":"KR","carbonIntensity":null,"datetime":"2026-11-24T03:00:00.000Z","isEstimated":true}],"temporalGranularity":"hourly"})";
constexpr const char* kForecast = R"({"zone":"KR","forecast":[
  {"carbonIntensity":450,"datetime":"2026-11-24T02:00:00.000Z"},
  {"carbonIntensity":451,"datetime":"2026-11-24T03:00:00.000Z"},
  {"carbonIntensity":452,"datetime":"2026-11-24T04:00:00.000Z"}],"updatedAt":"2026-11-24T02:55:00.000Z","temporalGranularity":"hourly"})";

TEST(ElectricityMaps, AsksWithTheTokenInAHeaderAndWithoutTheFallbackByAddress) {
  auto feed = feed_of("electricity-maps", "KR");
  feed.secret = "s3cret";
  const auto requests = feed.provider->requests(feed, query);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].http.url,
            "https://api.electricitymaps.com/v4/carbon-intensity/"
            "history?zone=KR&emissionFactorType=lifecycle&disableCallerLookup=true");
  EXPECT_EQ(requests[1].http.url,
            "https://api.electricitymaps.com/v4/carbon-intensity/"
            "forecast?zone=KR&emissionFactorType=lifecycle&disableCallerLookup=true&"
            "horizonHours=72");
  EXPECT_EQ(requests[0].http.headers.at(0), std::pair(std::string("auth-token"), std::string("s3cret")));
  const auto old = feed_of("electricity-maps", "KR", {{"api", "v3"}, {"emissions", "direct"}});
  EXPECT_EQ(old.provider->requests(old, query)[0].http.url,
            "https://api.electricitymaps.com/v3/carbon-intensity/history?zone=KR&emissionFactorType=direct&"
            "shouldUseFallbackCallerLookup=false");
}

TEST(ElectricityMaps, MeasuredEstimatedAndForecastAreToldApart) {
  const auto reading = parse(feed_of("electricity-maps", "KR"), query, {{"history", kHistory}, {"forecast", kForecast}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  const auto points = points_of(*reading);
  ASSERT_EQ(points.size(), 4u);  // 01 to 04; null is no value
  EXPECT_EQ(points[0].value.value(), 433.5);
  EXPECT_EQ(points[0].origin, Origin::kActual);
  EXPECT_EQ(points[1].value.value(), 440);  // the past counts before the forecast of the same hour
  EXPECT_EQ(points[1].origin, Origin::kForecast);
  EXPECT_EQ(points[2].value.value(), 451);
  EXPECT_EQ(reading->notes.at(0), "1 past values are estimates of the provider");
}

TEST(ElectricityMaps, AnotherZoneIsRefused) {
  const auto reading = parse(feed_of("electricity-maps", "DE"), query, {{"history", kHistory}});
  ASSERT_FALSE(reading.ok());
  EXPECT_EQ(reading.error().message, "asked for zone DE, but the answer is for KR");
}

TEST(ElectricityMaps, APlanWithoutForecastStillGivesThePast) {
  EXPECT_TRUE(parse(feed_of("electricity-maps", "KR"), query, {{"history", kHistory}}).ok());
}

TEST(ElectricityMaps, Recorded) {
  CARBON_RECORDED(body, "electricity_maps_v3/carbon_intensity_history.json");
  const auto reading = parse(feed_of("electricity-maps", "DE", {{"api", "v3"}}), query, {{"history", body}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  ASSERT_EQ(reading->points.size(), 24u);
  EXPECT_EQ(value_at(*reading, utc("2024-03-05T20:30Z")), 599);
  EXPECT_EQ(value_at(*reading, utc("2024-03-06T19:59Z")), 689);
  EXPECT_EQ(reading->points[23].origin, Origin::kForecast);  // estimated
  EXPECT_EQ(reading->points[21].origin, Origin::kActual);
}

TEST(ElectricityMaps, RecordedRefusalsAreRefused) {
  for (const auto name : {"error_401_bad_token.json", "error_401_missing_token.json", "error_401_not_in_plan.json"}) {
    CARBON_RECORDED(body, std::string("electricity_maps_v4/") + name);
    EXPECT_FALSE(parse(feed_of("electricity-maps", "DE"), query, {{"history", body}}).ok());
  }
}

}  // namespace electricity_maps_test
}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace watttime_test {

const Query query{utc("2026-11-24T03:10Z"), {utc("2026-11-23T03:10Z"), utc("2026-11-27T00:00Z")}, "t0ken"};

std::string body(const std::string& rows, const std::string& units = "lbs_co2_per_mwh",
                 const std::string& region = "CAISO_NORTH") {
  return R"({"data":[)" + rows + R"(],"meta":{"data_point_period_seconds":300,"region":")" + region +
         R"(","signal_type":"co2_moer","units":")" + units + R"(","model":{"date":"2023-03-01"},"warnings":[]}})";
}

const std::string kRows =
    R"({"point_time":"2026-11-24T03:10:00+00:00","value":1000},{"point_time":"2026-11-24T03:15:00+00:00","value":null})";

TEST(WattTime, LogsInWithBasicAndAsksWithBearer) {
  auto feed = feed_of("watttime", "CAISO_NORTH");
  feed.secret = "freddo:the frog";
  const auto login = feed.provider->login(feed);
  EXPECT_EQ(login.url, "https://api.watttime.org/login");
  EXPECT_EQ(login.headers.at(0).second, "Basic ZnJlZGRvOnRoZSBmcm9n");
  EXPECT_EQ(feed.provider->session(R"({"token":"abc"})")->token, "abc");
  EXPECT_FALSE(feed.provider->session("<html>403</html>").ok());
  EXPECT_FALSE(feed.provider->session("{}").ok());
  const auto requests = feed.provider->requests(feed, query);
  EXPECT_EQ(requests[0].http.url,
            "https://api.watttime.org/v3/forecast?region=CAISO_NORTH&signal_type=co2_moer&horizon_hours=72");
  EXPECT_EQ(requests[0].http.headers.at(0).second, "Bearer t0ken");
  EXPECT_EQ(
      requests[1].http.url,
      "https://api.watttime.org/v3/historical?region=CAISO_NORTH&signal_type=co2_moer&start=2026-11-23T03%3A10%3A00Z&end=2026-11-"
      "24T03%3A10%3A00Z");
}

TEST(WattTime, PoundsPerMegawattHourBecomeGramsPerKilowattHourAndNullIsNoValue) {
  const auto reading = parse(feed_of("watttime", "CAISO_NORTH"), query, {{"forecast", body(kRows)}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  ASSERT_EQ(reading->points.size(), 1u);
  EXPECT_DOUBLE_EQ(reading->points[0].value.value(), 453.59237);
  EXPECT_EQ(reading->points[0].when.length(), std::chrono::minutes(5));
  EXPECT_EQ(reading->kind.signal, Signal::kMarginal);
  EXPECT_EQ(parse(feed_of("watttime", "CAISO_NORTH", {{"signal", "co2_aoer"}}), query, {{"forecast", body(kRows)}})->kind.signal,
            Signal::kAverage);
}

TEST(WattTime, AnotherUnitOrRegionIsRefused) {
  const auto feed = feed_of("watttime", "CAISO_NORTH");
  EXPECT_EQ(parse(feed, query, {{"forecast", body(kRows, "percentile")}}).error().message,
            "unit 'percentile'; accepted: lbs_co2_per_mwh");
  EXPECT_EQ(parse(feed, query, {{"forecast", body(kRows, "lbs_co2_per_mwh", "PSCO")}}).error().message,
            "asked for region CAISO_NORTH, but the answer is for PSCO");
}

TEST(WattTime, Recorded) {
  const auto feed = feed_of("watttime", "CAISO_NORTH");
  CARBON_RECORDED(forecast, "watttime_v3/forecasted_emissions_response.json");
  CARBON_RECORDED(history, "watttime_v3/historical_emissions_response.json");
  const auto ahead = parse(feed, query, {{"forecast", forecast}});
  ASSERT_TRUE(ahead.ok()) << ahead.error().message;
  ASSERT_EQ(ahead->points.size(), 3u);
  EXPECT_NEAR(value_at(*ahead, utc("2022-07-15T00:12Z")), 394.6254, 1e-4);  // 870 lb/MWh
  const auto both = parse(feed, query, {{"forecast", forecast}, {"history", history}});
  ASSERT_TRUE(both.ok());
  EXPECT_NEAR(value_at(*both, utc("2022-07-15T00:06Z")), 394.6254, 1e-4);
  EXPECT_NEAR(points_of(*both)[1].value.value(), 390.0894, 1e-4);  // 860: the past counts
  EXPECT_EQ(both->notes.at(0), "2 past values were filled in by the provider");
}

TEST(WattTime, RecordedRefusals) {
  const auto feed = feed_of("watttime", "CAISO_NORTH");
  CARBON_RECORDED(html, "watttime_v3/403_forbidden_response.html");
  CARBON_RECORDED(scope, "watttime_v3/invalid_scope_response.json");
  CARBON_RECORDED(percentile, "watttime_v3/realtime_emissions_response.json");
  EXPECT_EQ(parse(feed, query, {{"forecast", html}}).error().message, "the answer is a page of HTML or XML and not JSON");
  EXPECT_EQ(parse(feed, query, {{"forecast", scope}}).error().message, "the provider answered: Invalid query parameters");
  EXPECT_EQ(parse(feed, query, {{"forecast", percentile}}).error().message, "unit 'percentile'; accepted: lbs_co2_per_mwh");
}

}  // namespace watttime_test
}  // namespace carbon::grid_feeds

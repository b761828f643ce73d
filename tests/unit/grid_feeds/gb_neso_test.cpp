// SPDX-License-Identifier: Apache-2.0
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace gb_neso_test {

const Query query{utc("2026-11-24T03:10Z"), {utc("2026-11-23T03:10Z"), utc("2026-11-27T00:00Z")}, {}};

constexpr const char* kAhead = R"({"data":[
  {"from":"2026-11-24T03:00Z","to":"2026-11-24T03:30Z","intensity":{"forecast":120,"actual":118,"index":"low"}},
  {"from":"2026-11-24T03:30Z","to":"2026-11-24T04:00Z","intensity":{"forecast":125,"actual":null,"index":"low"}},
  {"from":"2026-11-24T04:00Z","to":"2026-11-24T04:30Z","intensity":{"forecast":null,"actual":null,"index":"low"}}]})";
constexpr const char* kBehind = R"({"data":[
  {"from":"2026-11-24T02:00Z","to":"2026-11-24T02:30Z","intensity":{"forecast":110,"actual":108,"index":"low"}},
  {"from":"2026-11-24T02:30Z","to":"2026-11-24T03:00Z","intensity":{"forecast":112,"actual":null,"index":"low"}}]})";

TEST(GbNeso, AsksForTheFutureAndThePastAtAnAddressThatHoldsForTheHalfHour) {
  const auto feed = feed_of("gb-neso", "GB");
  const auto requests = feed.provider->requests(feed, query);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].http.url, "https://api.carbonintensity.org.uk/intensity/2026-11-24T03:01Z/fw48h");
  EXPECT_EQ(requests[1].http.url, "https://api.carbonintensity.org.uk/intensity/2026-11-23T03:01Z/2026-11-24T03:01Z");
  EXPECT_EQ(requests[0].good_for, std::chrono::minutes(23));  // until 03:33
  const auto local = feed_of("gb-neso", "GB", {{"base_url", "http://127.0.0.1:99/"}});
  EXPECT_EQ(local.provider->requests(local, query)[0].http.url, "http://127.0.0.1:99/intensity/2026-11-24T03:01Z/fw48h");
}

TEST(GbNeso, MeasuredWhereItIsOverElseForecastAndNullIsNotZero) {
  const auto reading = parse(feed_of("gb-neso", "GB"), query, {{"ahead", kAhead}, {"past", kBehind}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_EQ(reading->points.size(), 4u);
  EXPECT_EQ(value_at(*reading, utc("2026-11-24T02:10Z")), 108);
  EXPECT_EQ(value_at(*reading, utc("2026-11-24T02:40Z")), 112);
  EXPECT_EQ(value_at(*reading, utc("2026-11-24T03:10Z")), 120);  // still running: its "actual" is none yet
  EXPECT_EQ(value_at(*reading, utc("2026-11-24T04:10Z")), -1);
  EXPECT_EQ(reading->kind.emissions, Emissions::kDirect);
  EXPECT_FALSE(reading->simulated);
}

TEST(GbNeso, TheKnownWaysToSayNothing) {
  const auto error = [](const std::string& body) {
    const auto reading = parse(feed_of("gb-neso", "GB"), query, {{"ahead", body}});
    return reading ? "" : reading.error().message;
  };
  EXPECT_EQ(error("{}"), "the answer contains no values");
  EXPECT_EQ(error(R"({"data":[]})"), "the answer contains no values");
  EXPECT_EQ(error(""), "the answer is empty");
  EXPECT_EQ(error("<html>blocked</html>"), "the answer is a page of HTML or XML and not JSON");
  EXPECT_EQ(error(R"({"data":[{"from":"2026-)"), "the answer is not valid JSON: it is damaged or truncated");
  EXPECT_EQ(error(R"({"error":{"code":"400 Bad Request","message":"no such path"}})"), "the provider answered: no such path");
}

TEST(GbNeso, RecordedForecast) {
  CARBON_RECORDED(body, "uk_neso/intensity_fw48h_2023-12-03.json");
  const Query then{utc("2023-12-03T12:00Z"), {utc("2023-12-03T00:00Z"), utc("2023-12-06T00:00Z")}, {}};
  const auto reading = parse(feed_of("gb-neso", "GB"), then, {{"ahead", body}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  ASSERT_EQ(reading->points.size(), 96u);
  EXPECT_EQ(value_at(*reading, utc("2023-12-03T10:45Z")), 206);  // measured; 211 was forecast
  EXPECT_EQ(reading->points.front().origin, Origin::kActual);
  EXPECT_EQ(value_at(*reading, utc("2023-12-04T06:45Z")), 214);
  EXPECT_EQ(value_at(*reading, utc("2023-12-05T10:15Z")), 216);
  EXPECT_EQ(reading->points.back().origin, Origin::kForecast);
}

}  // namespace gb_neso_test
}  // namespace carbon::grid_feeds

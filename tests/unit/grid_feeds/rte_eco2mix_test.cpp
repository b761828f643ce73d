// SPDX-License-Identifier: Apache-2.0
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace rte_eco2mix_test {

const Query query{utc("2026-11-24T03:10Z"), {utc("2026-11-23T03:10Z"), utc("2026-11-27T00:00Z")}, {}};

TEST(RteEco2mix, OffsetsAreReadAndNullIsTheFuture) {
  const auto reading = parse(feed_of("rte-eco2mix", "FR"), query, {{"records", R"({"total_count":3,"results":[
    {"date_heure":"2026-10-25T02:45:00+02:00","taux_co2":20},
    {"date_heure":"2026-10-25T02:00:00+01:00","taux_co2":21},
    {"date_heure":"2026-10-25T02:15:00+01:00","taux_co2":null}]})"}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  ASSERT_EQ(reading->points.size(), 2u);
  // The hour that comes twice on the night when summer time ends.
  EXPECT_EQ(value_at(*reading, utc("2026-10-25T00:50Z")), 20);
  EXPECT_EQ(value_at(*reading, utc("2026-10-25T01:05Z")), 21);
  EXPECT_EQ(reading->kind.emissions, Emissions::kDirect);
}

TEST(RteEco2mix, AsksTheNewestFirst) {
  const auto feed = feed_of("rte-eco2mix", "FR");
  EXPECT_EQ(
      feed.provider->requests(feed, query).at(0).http.url,
      "https://odre.opendatasoft.com/api/explore/v2.1/catalog/datasets/eco2mix-national-tr/records?select=date_heure%2Ctaux_co2&"
      "where=taux_co2%20is%20not%20null&order_by=date_heure%20desc&limit=100");
}

TEST(RteEco2mix, Recorded) {
  CARBON_RECORDED(body, "rte_eco2mix/eco2mix_v1_search_2023-09-21.json");
  const auto reading = parse(feed_of("rte-eco2mix", "FR"), query, {{"records", body}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_EQ(value_at(*reading, utc("2023-09-21T00:45Z")), 13);
  double sum = 0;
  for (const auto& point : reading->points) sum += point.value.value();
  EXPECT_NEAR(sum / static_cast<double>(reading->points.size()), 20.4433, 1e-3);
}

}  // namespace rte_eco2mix_test
}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace energi_data_service_test {

const Query query{utc("2026-11-24T03:10Z"), {utc("2026-11-23T03:10Z"), utc("2026-11-27T00:00Z")}, {}};

std::string records(const std::string& time, double value, const std::string& area = "DK1") {
  return R"({"total":1,"limit":0,"dataset":"CO2Emis","records":[{"Minutes5UTC":")" + time +
         R"(","Minutes5DK":"2026-11-24T04:00:00","PriceArea":")" + area + R"(","CO2Emission":)" + std::to_string(value) + "}]}";
}

TEST(EnergiDataService, AsksForAllRowsInOrder) {
  const auto feed = feed_of("energi-data-service", "DK-DK1");
  const auto requests = feed.provider->requests(feed, query);
  EXPECT_EQ(requests[0].http.url,
            "https://api.energidataservice.dk/dataset/"
            "CO2Emis?start=now-P2D&filter=%7B%22PriceArea%22%3A%5B%22DK1%22%5D%7D&sort=Minutes5UTC%20asc&"
            "limit=0");
  EXPECT_EQ(requests[1].http.url,
            "https://api.energidataservice.dk/dataset/"
            "CO2EmisProg?start=now&filter=%7B%22PriceArea%22%3A%5B%22DK1%22%5D%7D&sort=Minutes5UTC%20asc&"
            "limit=0");
}

TEST(EnergiDataService, TimesAreUtcThoughTheyDoNotSaySo) {
  const auto reading =
      parse(feed_of("energi-data-service", "DK1"), query,
            {{"measured", records("2026-11-24T03:00:00", 120)}, {"forecast", records("2026-11-24T03:05:00", 130)}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_EQ(value_at(*reading, utc("2026-11-24T03:04Z")), 120);
  EXPECT_EQ(value_at(*reading, utc("2026-11-24T03:09Z")), 130);
  EXPECT_EQ(points_of(*reading)[1].origin, Origin::kForecast);
}

TEST(EnergiDataService, AnotherAreaIsRefused) {
  const auto reading = parse(feed_of("energi-data-service", "DK2"), query, {{"measured", records("2026-11-24T03:00:00", 120)}});
  ASSERT_FALSE(reading.ok());
  EXPECT_EQ(reading.error().message, "asked for DK2, but the answer is for DK1");
}

TEST(EnergiDataService, Recorded) {
  CARBON_RECORDED(body, "energi_data_service/CO2EmisProg_DK2_example.json");
  const auto reading = parse(feed_of("energi-data-service", "DK2"), query, {{"forecast", body}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_EQ(value_at(*reading, utc("2025-08-23T21:57Z")), 26);
}

}  // namespace energi_data_service_test
}  // namespace carbon::grid_feeds

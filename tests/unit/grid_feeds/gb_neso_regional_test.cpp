// SPDX-License-Identifier: Apache-2.0
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace gb_neso_regional_test {

const Query query{utc("2026-11-24T03:10Z"), {utc("2026-11-23T03:10Z"), utc("2026-11-27T00:00Z")}, {}};

const std::string kRegion = R"({"regionid":13,"shortname":"London","data":[
  {"from":"2026-11-24T03:00Z","to":"2026-11-24T03:30Z","intensity":{"forecast":134,"index":"moderate"}},
  {"from":"2026-11-24T03:30Z","to":"2026-11-24T04:00Z","intensity":{"forecast":null}}]})";

Feed london() { return feed_of("gb-neso-regional", "GB", {{"region", "13"}}); }

TEST(GbNesoRegional, AsksForItsRegion) {
  EXPECT_EQ(london().provider->requests(london(), query).at(0).http.url,
            "https://api.carbonintensity.org.uk/regional/intensity/2026-11-24T03:01Z/fw48h/regionid/13");
}

TEST(GbNesoRegional, TheRegionMayStandInAListOrAlone) {
  for (const auto& body : {R"({"data":)" + kRegion + "}", R"({"data":[)" + kRegion + "]}"}) {
    const auto reading = parse(london(), query, {{"ahead", body}});
    ASSERT_TRUE(reading.ok()) << reading.error().message;
    ASSERT_EQ(reading->points.size(), 1u);
    EXPECT_EQ(reading->points[0].value.value(), 134);
    EXPECT_EQ(reading->points[0].origin, Origin::kForecast);
  }
}

TEST(GbNesoRegional, AnotherRegionIsRefused) {
  const auto reading =
      parse(feed_of("gb-neso-regional", "GB", {{"region", "1"}}), query, {{"ahead", R"({"data":)" + kRegion + "}"}});
  ASSERT_FALSE(reading.ok());
  EXPECT_EQ(reading.error().message, "asked for region 1, but the answer is for 13");
  const auto strange = parse(london(), query, {{"ahead", R"({"data":{"regionid":9999999999999,"data":[]}})"}});
  EXPECT_EQ(strange.error().message, "asked for region 13, but the answer is for 9999999999999");
}

TEST(GbNesoRegional, Recorded) {
  CARBON_RECORDED(body, "uk_neso/regional_fw48h_regionid13_2023-12-03.json");
  const auto reading = parse(london(), query, {{"ahead", body}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_EQ(value_at(*reading, utc("2023-12-03T10:45Z")), 134);
  EXPECT_EQ(reading->points.size(), 96u);
}

}  // namespace gb_neso_regional_test
}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace entsoe_test {
using namespace std::chrono_literals;

const Query query{utc("2026-11-24T03:10Z"), {utc("2026-11-23T03:10Z"), utc("2026-11-27T00:00Z")}, {}};

struct Series {
  std::string type, points;
  std::string curve = "A01", direction = "in", resolution = "PT60M", start = "2026-11-24T00:00Z", end = "2026-11-24T04:00Z";
};

std::string point(int position, double quantity) {
  return "<Point><position>" + std::to_string(position) + "</position><quantity>" + std::to_string(quantity) +
         "</quantity></Point>";
}

std::string document(const std::vector<Series>& all) {
  std::string body =
      R"(<?xml version="1.0"?><GL_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-6:generationloaddocument:3:0"><type>A75</type>)";
  for (const auto& s : all) {
    body += "<TimeSeries><" + s.direction + "BiddingZone_Domain.mRID>10YFI-1--------U</" + s.direction +
            "BiddingZone_Domain.mRID><curveType>" + s.curve + "</curveType>" +
            (s.type.empty() ? "" : "<MktPSRType><psrType>" + s.type + "</psrType></MktPSRType>") +
            "<Period><timeInterval><start>" + s.start + "</start><end>" + s.end + "</end></timeInterval><resolution>" +
            s.resolution + "</resolution>" + s.points + "</Period></TimeSeries>";
  }
  return body + "</GL_MarketDocument>";
}

std::string flat(double quantity, int hours = 4) {
  std::string points;
  for (int i = 1; i <= hours; ++i) points += point(i, quantity);
  return points;
}

Feed finland() {
  auto feed = feed_of("entsoe", "FI");
  feed.secret = "t0ken";
  return feed;
}

TEST(Entsoe, AsksByTheCodeOfTheArea) {
  const auto requests = finland().provider->requests(finland(), query);
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].http.url,
            "https://web-api.tp.entsoe.eu/api?securityToken=t0ken&documentType=A75&processType=A16&in_Domain=10YFI-1--------U&"
            "periodStart=202611230300&periodEnd=202611240400");
  EXPECT_NE(requests[1].http.url.find("documentType=A65&processType=A01&outBiddingZone_Domain=10YFI-1--------U"),
            std::string::npos);
  EXPECT_NE(requests[2].http.url.find("documentType=A69"), std::string::npos);
  const auto code = feed_of("entsoe", "10Y1001A1001A82H");
  EXPECT_NE(code.provider->requests(code, query)[0].http.url.find("in_Domain=10Y1001A1001A82H"), std::string::npos);
}

TEST(Entsoe, CurveA03RepeatsUntilTheNextPositionAndToTheEndAndA01DoesNot) {
  const std::string some = point(1, 100) + point(3, 300);
  const auto repeated = parse(finland(), query, {{"generation", document({{"B04", some, "A03"}, {"B14", flat(100)}})}});
  ASSERT_TRUE(repeated.ok()) << repeated.error().message;
  ASSERT_EQ(repeated->points.size(), 4u);
  EXPECT_DOUBLE_EQ(repeated->points[1].value.value(), (100 * 490 + 100 * 12) / 200.0);
  EXPECT_DOUBLE_EQ(repeated->points[3].value.value(), (300 * 490 + 100 * 12) / 400.0);
  const auto plain = parse(finland(), query, {{"generation", document({{"B04", some, "A01"}, {"B14", flat(100)}})}});
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->points.size(), 2u);  // where gas is not known, nothing is
}

TEST(Entsoe, PumpingIsNotGenerationAndStorageDoesNotCount) {
  const auto reading = parse(
      finland(), query,
      {{"generation", document({{"B04", flat(100)}, {"B10", flat(50)}, {"B10", flat(80), "A01", "out"}, {"B16", flat(-3)}})}});
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(reading->points[0].value.value(), 490);
}

TEST(Entsoe, ASeriesThatComesTwiceCountsOnceTheLaterOne) {
  const Series gas{"B04", flat(100)}, wind{"B19", flat(100)}, other_wind{"B18", flat(100)};
  const double right = (490 + 11 + 11) / 3.0;
  for (const auto& twice : {document({gas, wind, other_wind, wind}), document({wind, {"B04", flat(30)}, other_wind, gas}),
                            document({gas, wind, other_wind, {"B19", flat(100, 16), "A01", "in", "PT15M"}}),
                            document({gas, wind, other_wind, {"B19", point(1, 100), "A03"}})}) {
    const auto reading = parse(finland(), query, {{"generation", twice}});
    ASSERT_TRUE(reading.ok()) << reading.error().message;
    for (const auto& p : reading->points) EXPECT_DOUBLE_EQ(p.value.value(), right);
  }
}

TEST(Entsoe, OfOverlappingPeriodsAndPositionsTheLaterCounts) {
  const Series gas{"B04", flat(100)};
  const Series correction{"B14", point(1, 300), "A01", "in", "PT60M", "2026-11-24T02:00Z", "2026-11-24T03:00Z"};
  const auto reading = parse(finland(), query,
                             {{"generation", document({gas,
                                                       {"B14", point(1, 90) + flat(100)},
                                                       correction,
                                                       {"B14", flat(20), "A01", "out"},
                                                       {"B14", flat(20), "A01", "out"}})}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_DOUBLE_EQ(value_at(*reading, utc("2026-11-24T00:30Z")), (100 * 490 + 80 * 12) / 180.0);
  EXPECT_DOUBLE_EQ(value_at(*reading, utc("2026-11-24T02:30Z")), (100 * 490 + 280 * 12) / 380.0);
}

TEST(Entsoe, MixedStepsMeetAtTheFinest) {
  const auto reading =
      parse(finland(), query, {{"generation", document({{"B04", flat(100)}, {"B19", flat(100, 16), "A01", "in", "PT15M"}})}});
  ASSERT_TRUE(reading.ok());
  ASSERT_EQ(reading->points.size(), 16u);
  EXPECT_DOUBLE_EQ(reading->points[15].value.value(), (490 + 11) / 2.0);
}

TEST(Entsoe, ForecastsOfWindSunAndLoadBecomeAForecastOfIntensity) {
  const std::string tomorrow = "2026-11-24T04:00Z", end = "2026-11-24T08:00Z";
  // Load 400: 100 nuclear, 300 gas. Later load 400 with 200 of wind: 200 are left for firm plants, least of the past 400 scaled.
  const auto generation = document({{"B04", point(1, 100) + point(2, 200) + point(3, 300) + point(4, 300)}, {"B14", flat(100)}});
  const auto load = document({{"", point(1, 200) + point(2, 300) + point(3, 400) + point(4, 400), "A01", "out"},
                              {"", flat(400), "A01", "out", "PT60M", tomorrow, end}});
  const auto wind =
      document({{"B19", point(1, 0) + point(2, 200) + point(3, 100) + point(4, 0), "A01", "in", "PT60M", tomorrow, end}});
  const auto reading = parse(finland(), query, {{"generation", generation}, {"load", load}, {"wind_solar", wind}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_EQ(reading->points.size(), 8u);
  const double calm = value_at(*reading, utc("2026-11-24T04:30Z")), windy = value_at(*reading, utc("2026-11-24T05:30Z"));
  EXPECT_NEAR(calm, (300 * 490 + 100 * 12) / 400.0, 15);              // as at load 400 before
  EXPECT_NEAR(windy, (200 * 11 + 100 * 490 + 100 * 12) / 400.0, 15);  // firm plants as at 200 before
  EXPECT_EQ(reading->points.back().origin, Origin::kForecast);
  EXPECT_EQ(reading->notes.at(0), "its forecast is computed here from those of wind, solar and load");
}

TEST(Entsoe, NoDataIsSaidInItsOwnWords) {
  const auto reading =
      parse(finland(), query,
            {{"generation",
              "<Acknowledgement_MarketDocument><Reason><code>999</code><text>No matching data found</text></Reason>"
              "</Acknowledgement_MarketDocument>"}});
  ASSERT_FALSE(reading.ok());
  EXPECT_EQ(reading.error().message, "the provider answered: No matching data found");
}

TEST(Entsoe, AnotherAreaIsRefused) {
  const auto reading = parse(feed_of("entsoe", "NO_5"), query, {{"generation", document({{"B04", flat(100)}})}});
  ASSERT_FALSE(reading.ok());
  EXPECT_EQ(reading.error().message, "asked for area 10Y1001A1001A48H, but the answer is for 10YFI-1--------U");
}

TEST(Entsoe, AbsurdPeriodsAndPositionsAreLeftOut) {
  const auto reading =
      parse(finland(), query,
            {{"generation", document({{"B04", point(1, 100) + point(99999999, 5) + point(-1, 5), "A03"},
                                      {"B05", point(1, 9), "A03", "in", "PT15M", "0001-01-01T00:00Z", "9999-01-01T00:00Z"}})}});
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(reading->points.size(), 4u);
  EXPECT_EQ(reading->points[0].value.value(), 490);
}

TEST(Entsoe, RecordedFinland) {
  CARBON_RECORDED(body, "entsoe/FI_production.xml");
  const auto reading = parse(finland(), query, {{"generation", body}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  ASSERT_EQ(reading->points.size(), 288u);
  double sum = 0;
  for (const auto& p : reading->points) sum += p.value.value();
  EXPECT_NEAR(sum / 288, 53.84, 0.005 * 53.84);  // without the fill of A03 it would be 50.53
  EXPECT_NEAR(reading->points.front().value.value(), 48.924, 0.005 * 48.924);
  EXPECT_NEAR(reading->points.back().value.value(), 81.557, 0.005 * 81.557);
}

TEST(Entsoe, RecordedNegativesOfNorway) {
  CARBON_RECORDED(body, "entsoe/NO-NO5_production-negatives.xml");
  const auto reading = parse(feed_of("entsoe", "NO_5"), query, {{"generation", body}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  for (const auto& p : reading->points) {
    EXPECT_GE(p.value.value(), 24 - 1e-9);
    EXPECT_LE(p.value.value(), 490);
  }
}

TEST(Entsoe, RecordedForecastOfWindAndSun) {
  CARBON_RECORDED(body, "entsoe/wind_solar_forecast_FI_DAY_AHEAD.xml");
  const auto reading =
      parse(finland(), query, {{"generation", body}});  // as a mix of its own: both must be read, 3 days of quarters
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(reading->points.size(), 288u);
  for (const auto& p : reading->points) EXPECT_TRUE(p.value.value() >= 11 - 1e-9 && p.value.value() <= 45 + 1e-9);
}

}  // namespace entsoe_test
}  // namespace carbon::grid_feeds

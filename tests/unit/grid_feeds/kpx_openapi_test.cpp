// SPDX-License-Identifier: Apache-2.0
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace kpx_openapi_test {

const Query query{utc("2026-11-24T03:10Z"), {utc("2026-11-23T03:10Z"), utc("2026-11-27T00:00Z")}, {}};

TEST(KpxOpenApi, TheKeyIsEncodedOnce) {
  auto feed = feed_of("kpx-openapi", "KR");
  feed.secret = "ab+/=";
  EXPECT_EQ(feed.provider->requests(feed, query).at(0).http.url,
            "https://openapi.kpx.or.kr/openapi/sumperfuel5m/getSumperfuel5m?ServiceKey=ab%2B%2F%3D");
  feed.secret = "ab%2B%2F%3D";
  EXPECT_EQ(feed.provider->requests(feed, query).at(0).http.url,
            "https://openapi.kpx.or.kr/openapi/sumperfuel5m/getSumperfuel5m?ServiceKey=ab%2B%2F%3D");
}

TEST(KpxOpenApi, ErrorsComeWithStatus200) {
  const auto error = [](const std::string& body) {
    return parse(feed_of("kpx-openapi", "KR"), query, {{"snapshot", body}}).error().message;
  };
  EXPECT_EQ(error("<response><header><resultCode>30</resultCode><resultMsg>SERVICE KEY IS NOT REGISTERED "
                  "ERROR.</resultMsg></header></response>"),
            "the provider answered: code 30 SERVICE KEY IS NOT REGISTERED ERROR.");
  EXPECT_EQ(error("<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE "
                  "ERROR</errMsg><returnAuthMsg>NO_OPENAPI_SERVICE_ERROR</returnAuthMsg>"
                  "<returnReasonCode>12</returnReasonCode></cmmMsgHeader></OpenAPI_ServiceResponse>"),
            "the provider answered: code 12 NO_OPENAPI_SERVICE_ERROR");
  EXPECT_EQ(error("SERVICE ACCESS DENIED").substr(0, 26), "the answer is not XML: No ");
  EXPECT_EQ(error("<response><header><resultCode>00</resultCode></header><items/></response>"), "the answer contains no values");
}

TEST(KpxOpenApi, AnAnswerWithoutGasIsNoMix) {
  const auto body = [](const std::string& gas) {
    return "<response><header><resultCode>00</resultCode></header><body><items><item><baseDatetime>20260425120500</baseDatetime>"
           "<fuelPwr3>10000</fuelPwr3><fuelPwr4>20000</fuelPwr4>" +
           gas + "</item></items></body></response>";
  };
  const auto feed = feed_of("kpx-openapi", "KR");
  EXPECT_TRUE(parse(feed, query, {{"snapshot", body("<fuelPwr6>9000</fuelPwr6>")}}).ok());
  EXPECT_EQ(parse(feed, query, {{"snapshot", body("<fuelPwr6></fuelPwr6>")}}).error().message,
            "the answer contains no values: 1 times were left out: a fuel was missing, first fuelPwr6 at 2026-04-25T03:05:00Z");
}

TEST(KpxOpenApi, Recorded) {
  CARBON_RECORDED(body, "kpx_korea/sumperfuel5m_example.xml");
  const auto reading = parse(feed_of("kpx-openapi", "KR"), query, {{"snapshot", body}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  ASSERT_EQ(reading->points.size(), 1u);
  EXPECT_EQ(reading->points[0].when.start, utc("2026-04-25T03:05Z"));
  // Hydro 233.98, oil 319.13, coal 13602.9 + 0.15, nuclear 23077.7, gas 25221, solar 1596.34, wind 400.13, new and renewable
  // 2559.94.
  EXPECT_NEAR(
      reading->points[0].value.value(),
      (233.98 * 24 + 319.13 * 650 + 13603.05 * 820 + 23077.7 * 12 + 25221 * 490 + 1596.34 * 45 + 400.13 * 11 + 2559.94 * 230) /
          67011.27,
      1e-3);
}

}  // namespace kpx_openapi_test
}  // namespace carbon::grid_feeds

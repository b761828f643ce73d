// SPDX-License-Identifier: Apache-2.0
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace kpx_test {

const Query query{utc("2026-11-24T03:10Z"), {utc("2026-11-23T03:10Z"), utc("2026-11-27T00:00Z")}, {}};

constexpr const char* kPage = R"(<html><script>
  var ictArr = [{"coal":"20000","localCoal":"100","gas":"10000","oil":"0","nuclearPower":"20000","waterPower":"400","windPower":"300",
   "sunlight":"0.0","newRenewable":"3000","raisingWater":"-3423.24","regDate":"2026-11-24 00:00","seq":0},
   {"coal":"0","localCoal":"0","gas":"0","oil":"0","nuclearPower":"0","waterPower":"0","windPower":"0","sunlight":"0","newRenewable":"0",
   "raisingWater":"0","regDate":"0","seq":"99999"}];
  var onceArr = new Array();</script></html>)";

TEST(Kpx, TheMixOfASlotInKoreanTimeWithoutPumping) {
  const auto reading = parse(feed_of("kpx", "KR"), query, {{"page", kPage}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  ASSERT_EQ(reading->points.size(), 1u);  // the slot that is not filled yet is none
  EXPECT_EQ(reading->points[0].when, (Interval{utc("2026-11-23T15:00Z"), utc("2026-11-23T15:05Z")}));
  const double grams = 20100 * 820 + 10000 * 490 + 20000 * 12 + 400 * 24 + 300 * 11 + 3000 * 230;
  EXPECT_NEAR(reading->points[0].value.value(), grams / (20100 + 10000 + 20000 + 400 + 300 + 3000), 1e-9);
}

TEST(Kpx, ASlotWithoutCoalOrWithMoreThanKoreaHasIsLeftOut) {
  const auto error = [](std::string page, std::string_view from, std::string_view to) {
    page.replace(page.find(from), from.size(), to);
    return parse(feed_of("kpx", "KR"), query, {{"page", page}}).error().message;
  };
  EXPECT_EQ(error(kPage, R"("coal":"20000")", R"("coal":"")"),
            "the page contains no values: 1 times were left out: a fuel was missing, first coal at 2026-11-23T15:00:00Z");
  EXPECT_EQ(error(kPage, R"("waterPower":"400")", R"("waterPower":"400000")"),
            "the page contains no values: 1 times were left out: a fuel's output was implausible, first waterPower of 400000 MW "
            "at 2026-11-23T15:00:00Z");
}

TEST(Kpx, APageWithoutTheArray) {
  const auto error = [](const std::string& page) { return parse(feed_of("kpx", "KR"), query, {{"page", page}}).error().message; };
  EXPECT_EQ(error("<html>maintenance</html>"), "the page contains no array ictArr");
  EXPECT_EQ(error("var ictArr = [{\"coal\":"), "the array ictArr is truncated");
  EXPECT_EQ(error("var ictArr = [];"), "the page contains no values");
}

// Expected values: factors of fuel_mix.cpp, storage excluded, mean over the valid slots.
void expect_day(const std::string& page, std::size_t slots, double mean, double low, double high, double first) {
  const auto reading = parse(feed_of("kpx", "KR"), query, {{"page", page}});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_EQ(reading->points.size(), slots);
  double sum = 0, least = 1e9, most = 0;
  for (const auto& point : reading->points) {
    sum += point.value.value();
    least = std::min(least, point.value.value());
    most = std::max(most, point.value.value());
  }
  EXPECT_NEAR(sum / static_cast<double>(slots), mean, 0.005 * mean);
  EXPECT_NEAR(least, low, 0.005 * low);
  EXPECT_NEAR(most, high, 0.005 * high);
  EXPECT_NEAR(reading->points[0].value.value(), first, 0.005 * first);
}

TEST(Kpx, RecordedToday) {
  CARBON_RECORDED(page, "kpx_korea/realtime.html");
  expect_day(page, 279, 363.64, 353.42, 374.86, 366.476);
}

TEST(Kpx, RecordedPast) {
  CARBON_RECORDED(page, "kpx_korea/historical.html");
  expect_day(page, 288, 423.26, 390.5, 441.5, 429.002);
}

}  // namespace kpx_test
}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace static_test {

const Query query{utc("2026-11-24T03:10Z"), {utc("2026-11-24T00:00Z"), utc("2026-11-25T00:00Z")}, {}};

TEST(Static, OneValueOverTheWholeWindow) {
  const auto reading = parse(feed_of("static", "KR", {{"intensity", "436.5"}}), query, {});
  ASSERT_TRUE(reading.ok());
  ASSERT_EQ(reading->points.size(), 1u);
  EXPECT_EQ(reading->points[0].when, query.window);
  EXPECT_EQ(reading->points[0].value.value(), 436.5);
  EXPECT_EQ(reading->points[0].origin, Origin::kYearlyFactor);
}

TEST(Static, NeedsANumberThatIsNotNegative) {
  const auto site = site_of("KR", {});
  EXPECT_EQ(make_feed(site, choice_of("static")).error().message, "carbon.conf:7: provider static needs the option 'intensity'");
  EXPECT_EQ(make_feed(site, choice_of("static", {{"intensity", "low"}})).error().message,
            "carbon.conf:8: intensity = 'low'; accepted: a number");
  EXPECT_FALSE(parse(feed_of("static", "KR", {{"intensity", "-1"}}), query, {}).ok());
}

}  // namespace static_test
}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
#include "core/exposition.h"

#include <gtest/gtest.h>

namespace carbon {
namespace {

TEST(Exposition, IsPrometheusTextFormat) {
  Exposition e;
  e.head("carbon_feed_up", Exposition::Type::kGauge, "1 where \"it\" answers.\nA \\ too.");
  e.sample(1, {{"site", "a"}, {"provider", "x\"\\\ny"}});
  e.sample(0.25, {{"site", "b"}, {"provider", ""}});
  e.one("carbon_rounds_total", Exposition::Type::kCounter, "Rounds.", 12345678901.0);
  EXPECT_EQ(e.text(),
            "# HELP carbon_feed_up 1 where \"it\" answers.\\nA \\\\ too.\n"
            "# TYPE carbon_feed_up gauge\n"
            "carbon_feed_up{site=\"a\",provider=\"x\\\"\\\\\\ny\"} 1\n"
            "carbon_feed_up{site=\"b\",provider=\"\"} 0.25\n"
            "# HELP carbon_rounds_total Rounds.\n"
            "# TYPE carbon_rounds_total counter\n"
            "carbon_rounds_total 12345678901\n");
}

TEST(Exposition, ATimeThatNeverWasHasNoSample) {
  Exposition e;
  e.head("carbon_at_timestamp_seconds", Exposition::Type::kGauge, "When.");
  e.time(Instant{});
  e.time(Instant{} + Duration(1'700'000'000'500));
  EXPECT_NE(e.text().find("\ncarbon_at_timestamp_seconds 1700000000.5\n"), std::string::npos) << e.text();
  EXPECT_EQ(e.text().find("carbon_at_timestamp_seconds 0"), std::string::npos) << e.text();
}

}  // namespace
}  // namespace carbon

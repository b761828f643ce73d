// SPDX-License-Identifier: Apache-2.0
// The published schedulers' own figures, as their authors' code gives them on their own trace.
#include "tests/support/replay_case.h"

namespace carbon::replay {
namespace {

struct Anchor {
  std::string_view policy;
  RuntimeSource runtime;
  double normalised;
};

TEST(Anchors, UnlimitedCapacityGivesThePublishedFigures) {
  SKIP_WITHOUT_DATA();
  const Anchor anchors[] = {
      {"lowest-slot", RuntimeSource::kClassMean, 0.7800}, {"lowest-window", RuntimeSource::kClassMean, 0.6837},
      {"carbon-time", RuntimeSource::kClassMean, 0.7249}, {"lowest-window", RuntimeSource::kExact, 0.6144},
      {"carbon-time", RuntimeSource::kExact, 0.6579},     {"suspend-resume", RuntimeSource::kExact, 0.5462}};
  for (const auto& anchor : anchors) {
    const Case c = pai_1k({.runtime = anchor.runtime});
    const auto report = Replay(c.trace, c.setting).run(anchor.policy);
    EXPECT_NEAR(report.normalised, anchor.normalised, 0.002) << anchor.policy;
    EXPECT_EQ(report.summary.cap_violations, 0u) << anchor.policy;
  }
}

TEST(Anchors, FiniteCapacityBreaksTheCapOfRulesThatPlaceEachJobAlone) {
  SKIP_WITHOUT_DATA();
  const Case c = pai_1k({.capacity = 28, .runtime = RuntimeSource::kClassMean});
  const auto report = Replay(c.trace, c.setting).run("lowest-window");
  EXPECT_NEAR(report.saved_percent, 20.3, 0.2);
  EXPECT_GT(report.summary.max_wait, std::chrono::hours(41));
  EXPECT_GT(report.summary.cap_violations, 200u);
}

}  // namespace
}  // namespace carbon::replay

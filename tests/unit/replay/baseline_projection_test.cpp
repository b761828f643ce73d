// SPDX-License-Identifier: Apache-2.0
#include "replay/baseline_projection.h"

#include <random>

#include "replay/rules.h"
#include "tests/support/replay_case.h"

namespace carbon::replay {
namespace {
using namespace std::chrono_literals;

// Far more jobs than two small sites can do.
Case crowded(std::size_t jobs) {
  std::mt19937 random(7);
  Case c;
  c.trace.user_index("");
  Instant at{};
  for (std::size_t i = 0; i < jobs; ++i) {
    at += Duration(random() % 1'200'000);
    c.trace.jobs.push_back({.id = i,
                            .arrival = at,
                            .runtime = Duration(60'000 + random() % 9'000'000),
                            .width = 1 + static_cast<std::uint32_t>(random() % 4)});
  }
  c.setting.sites = {{.name = "a", .zone = "a", .capacity = 6}, {.name = "b", .zone = "b", .capacity = 5}};
  c.setting.caps = usual_caps();
  const auto flat = IntensitySeries::make({}, {{{Instant(), Instant() + 1h}, GramsPerKwh(100), Origin::kActual}});
  complete(c, Instant(), {flat.value(), flat.value()});
  return c;
}

TEST(BaselineProjection, SaysWhatComesWhereNoFurtherJobArrives) {
  const Case whole = crowded(150);
  const Replay all(whole.trace, whole.setting);
  BaselineProjection ahead(whole.trace, whole.setting, all.run_now());
  std::size_t waited = 0;
  for (std::size_t i = 0; i < whole.trace.jobs.size(); ++i) {
    const Instant now = whole.trace.jobs[i].arrival;
    ahead.arrived(i);
    ahead.advance(now);
    if (i % 10 != 9) continue;
    Case known = whole;
    known.trace.jobs.resize(i + 1);
    const Replay alone(known.trace, known.setting);
    for (std::size_t job = 0; job <= i; ++job) {
      EXPECT_EQ(ahead.start(job), alone.run_now()[job].start) << job << " as seen at " << i;
      waited += alone.run_now()[job].start > now ? 1 : 0;
    }
  }
  EXPECT_GT(waited, 100u);
}

}  // namespace
}  // namespace carbon::replay

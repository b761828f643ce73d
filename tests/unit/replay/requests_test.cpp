// SPDX-License-Identifier: Apache-2.0
#include "replay/requests.h"

#include "tests/support/replay_case.h"

namespace carbon::replay {
namespace {
using namespace std::chrono_literals;

// One user: four jobs one after the other, of 1, 3, 3 and 5 hours; each asked for 4 hours, the last one for 10.
Case four_jobs(RuntimeSource runtime) {
  Case c;
  c.trace.user_index("eve");
  for (const auto& [at, hours, limit] : {std::tuple{0, 1, 4}, {10, 3, 4}, {20, 3, 4}, {30, 5, 10}})
    c.trace.jobs.push_back({.id = c.trace.jobs.size(), .arrival = Instant(1h * at), .runtime = 1h * hours, .limit = 1h * limit});
  c.setting.sites = {{.name = "a", .zone = "a"}};
  c.setting.runtime = runtime;
  const auto flat = IntensitySeries::make({}, {{{Instant(), Instant() + 1h}, GramsPerKwh(100), Origin::kActual}});
  complete(c, Instant(), {flat.value()});
  return c;
}

TEST(Requests, TheReportHasTheMeanErrorOfGivenRunTimes) {
  const auto error_of = [](RuntimeSource runtime) {
    const Case c = four_jobs(runtime);
    return Replay(c.trace, c.setting).run("run-now").mean_runtime_error;
  };
  EXPECT_EQ(error_of(RuntimeSource::kExact), 0h);
  EXPECT_EQ(error_of(RuntimeSource::kLimit), 150min);
  // Told: the limit, 1 h (the only job that ended), the mean of 1 and 3 h, the mean of 3 and 3 h.
  EXPECT_EQ(error_of(RuntimeSource::kPredicted), 2h);
}

}  // namespace
}  // namespace carbon::replay

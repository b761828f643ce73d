// SPDX-License-Identifier: Apache-2.0
#include "policies/policy.h"

#include <gtest/gtest.h>

#include "tests/support/series_of.h"

namespace carbon::policies {
namespace {
using namespace std::chrono_literals;

JobRequest job_of(Duration length, Duration max_delay, std::uint64_t sites = 1) {
  return {.ready = t0, .runtime = length, .max_delay = max_delay, .power = Watts(400), .home = 0, .sites = sites};
}

TEST(Emission, CountsPueAndRefusesAHalfKnownWindow) {
  const auto s = hourly({100, 300, std::nullopt});
  // 1 kW for 2 h at a mean of 200 g/kWh and a PUE of 1.5.
  EXPECT_DOUBLE_EQ(emission({s.view(), 1.5}, t0, 2h, Watts(1000))->value(), 600.0);
  EXPECT_FALSE(emission({s.view(), 1.5}, t0, 3h, Watts(1000)));
}

TEST(Policies, LowestWindowWaitsNoLongerThanMaxDelay) {
  const auto s = hourly({500, 400, 300, 200, 100});
  const SiteForecast home{s.view()};
  EXPECT_EQ(lowest_window(job_of(1h, 2h), {&home, 1}), (Placement{0, t0 + 2h}));
  EXPECT_EQ(lowest_window(job_of(1h, 0h), {&home, 1}), (Placement{0, t0}));
  EXPECT_EQ(lowest_window(job_of(1h, 24h), {&home, 1}), (Placement{0, t0 + 4h}));
}

TEST(Policies, WithoutKnowledgeAJobRunsAsSubmitted) {
  const auto gap_now = hourly({500, std::nullopt, 100, 100, 100, 100});
  const auto cheap = hourly({1, 1, 1, 1, 1, 1});
  const std::vector<SiteForecast> sites{{gap_now.view()}, {cheap.view()}};
  const std::vector<SiteForecast> blind{{SeriesView()}, {cheap.view()}};
  for (const auto& policy : kPolicies) {
    EXPECT_EQ(policy.place(job_of(2h, 24h, 3), sites), (Placement{0, t0})) << policy.name;
    EXPECT_EQ(policy.place(job_of(2h, 24h, 3), blind), (Placement{0, t0})) << policy.name;
    EXPECT_EQ(policy.place(job_of(2h, 24h), {}), (Placement{0, t0})) << policy.name;
  }
}

TEST(Policies, GreenestSiteMovesInSpaceOnlyAndHonoursTheMask) {
  const auto home = hourly({300, 10, 10}), near = hourly({250, 250, 250}), green = hourly({100, 100, 100});
  const std::vector<SiteForecast> sites{{home.view()}, {near.view()}, {green.view()}};
  EXPECT_EQ(greenest_site(job_of(1h, 24h, 0b111), sites), (Placement{2, t0}));
  EXPECT_EQ(greenest_site(job_of(1h, 24h, 0b011), sites), (Placement{1, t0}));
  EXPECT_EQ(greenest_window(job_of(1h, 24h, 0b111), sites), (Placement{0, t0 + 1h}));
}

TEST(Policies, AWorsePueOutweighsABetterGrid) {
  const auto home = hourly({110}), other = hourly({100});
  const std::vector<SiteForecast> sites{{home.view(), 1.1}, {other.view(), 1.3}};
  EXPECT_EQ(greenest_site(job_of(1h, 0h, 3), sites), (Placement{0, t0}));
}

TEST(Policies, TiesStayAtHomeAndStartAtOnce) {
  const auto flat = hourly({200, 200, 200, 200});
  const std::vector<SiteForecast> sites(3, SiteForecast{flat.view()});
  auto job = job_of(1h, 24h, 0b111);
  job.home = 1;
  for (const auto& policy : kPolicies) EXPECT_EQ(policy.place(job, sites), (Placement{1, t0})) << policy.name;
}

TEST(Policies, ASiteThatIsNotKnownLongEnoughIsNoCandidate) {
  const auto home = hourly({300, 300, 300, 300}), shorter = hourly({10});
  const std::vector<SiteForecast> sites{{home.view()}, {shorter.view()}};
  EXPECT_EQ(greenest_window(job_of(2h, 24h, 3), sites), (Placement{0, t0}));
}

TEST(Policies, InRandomCasesNoneIsWorseThanRunningNowOrLaterThanMaxDelay) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    const std::vector<IntensitySeries> series{uneven(random, 60, 15min), uneven(random, 60, 15min), uneven(random, 60, 15min)};
    std::vector<SiteForecast> sites;
    for (const auto& s : series) sites.push_back({s.view(), 1.0 + 0.1 * static_cast<double>(random() % 6)});
    JobRequest job{.ready = t0 + Duration(random() % 40'000'000),
                   .runtime = Duration(1 + random() % 20'000'000),
                   .max_delay = Duration(random() % 40'000'000),
                   .power = Watts(static_cast<double>(1 + random() % 700)),
                   .home = random() % 3,
                   .sites = random() % 8};
    job.sites |= std::uint64_t{1} << job.home;
    const auto at_once = emission(sites[job.home], job.ready, job.runtime, job.power);
    for (const auto& policy : kPolicies) {
      const Placement p = policy.place(job, sites);
      EXPECT_GE(p.start, job.ready) << policy.name;
      EXPECT_LE(p.start, job.ready + job.max_delay) << policy.name;
      ASSERT_TRUE(job.sites >> p.site & 1) << policy.name;
      if (!at_once) {
        EXPECT_EQ(p, (Placement{job.home, job.ready})) << policy.name;
        continue;
      }
      const auto chosen = emission(sites[p.site], p.start, job.runtime, job.power);
      ASSERT_TRUE(chosen) << policy.name;
      EXPECT_LE(chosen->value(), at_once->value() * (1 + 1e-9)) << policy.name;
    }
  }
}

}  // namespace
}  // namespace carbon::policies

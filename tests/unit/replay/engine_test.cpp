// SPDX-License-Identifier: Apache-2.0
#include "replay/engine.h"

#include <gtest/gtest.h>

#include <map>

namespace carbon::replay {
namespace {
using namespace std::chrono_literals;

const Instant t0 = from_unix_ms(1'666'195'200'000);

// Gives each job the begin time that the test says; else its arrival.
class Scripted : public Decider {
 public:
  std::map<std::size_t, Decision> plan;
  explicit Scripted(std::span<const Job> jobs) : jobs_(jobs) {}
  void decide(Instant, std::span<const std::size_t> arrived, std::vector<Decision>& decisions) override {
    for (const auto job : arrived) {
      const auto it = plan.find(job);
      decisions.push_back(it == plan.end() ? Decision{job, {0, jobs_[job].arrival}, {}} : it->second);
    }
  }

 private:
  std::span<const Job> jobs_;
};

std::vector<Job> jobs_of(const std::vector<std::tuple<Duration, Duration, std::uint32_t>>& rows) {
  std::vector<Job> jobs;
  for (const auto& [arrival, runtime, width] : rows)
    jobs.push_back({.id = jobs.size(), .arrival = t0 + arrival, .runtime = runtime, .width = width});
  return jobs;
}

TEST(Engine, JobsWaitForCapacityInOrderOfArrival) {
  const auto jobs = jobs_of({{0h, 2h, 2}, {0h, 1h, 1}, {0h, 1h, 1}});
  const SiteModel site{.name = "a", .zone = "a", .capacity = 2};
  Scripted decider(jobs);
  const auto runs = run(jobs, {&site, 1}, decider);
  EXPECT_EQ(runs[0].start, t0);
  EXPECT_EQ(runs[1].start, t0 + 2h);
  EXPECT_EQ(runs[2].start, t0 + 2h);
}

TEST(Engine, AJobThatFitsOvertakesOneThatDoesNot) {
  const auto jobs = jobs_of({{0h, 2h, 1}, {1min, 1h, 2}, {2min, 1h, 1}});
  const SiteModel site{.name = "a", .zone = "a", .capacity = 2};
  Scripted decider(jobs);
  const auto runs = run(jobs, {&site, 1}, decider);
  EXPECT_EQ(runs[2].start, t0 + 2min);
  EXPECT_EQ(runs[1].start, t0 + 2h);
}

TEST(Engine, TheQueueIsInOrderOfBeginTimeNotOfArrival) {
  const auto jobs = jobs_of({{0h, 4h, 1}, {1h, 1h, 1}, {2h, 1h, 1}});
  const SiteModel site{.name = "a", .zone = "a", .capacity = 1};
  Scripted decider(jobs);
  decider.plan[1] = {1, {0, t0 + 3h}, {}};
  const auto runs = run(jobs, {&site, 1}, decider);
  EXPECT_EQ(runs[2].start, t0 + 4h);
  EXPECT_EQ(runs[1].start, t0 + 5h);
}

TEST(Engine, AnInterruptedJobGivesItsPlaceAwayAndComesBack) {
  const auto jobs = jobs_of({{0h, 2h, 1}, {0h, 3h, 1}});
  const SiteModel site{.name = "a", .zone = "a", .capacity = 1};
  Scripted decider(jobs);
  decider.plan[0] = {0, {0, t0}, {{t0, t0 + 1h}, {t0 + 2h, t0 + 3h}}};
  decider.plan[1] = {1, {0, t0 + 1h}, {}};
  const auto runs = run(jobs, {&site, 1}, decider);
  EXPECT_EQ(runs[1].start, t0 + 1h);
  // The second piece is due at 2 h and waits until the other job is done.
  ASSERT_EQ(runs[0].parts.size(), 2u);
  EXPECT_EQ(runs[0].parts[1], (Interval{t0 + 4h, t0 + 5h}));
  EXPECT_EQ(runs[0].end, t0 + 5h);
}

TEST(Engine, SitesHaveQueuesOfTheirOwn) {
  const auto jobs = jobs_of({{0h, 2h, 1}, {0h, 2h, 1}});
  const std::vector<SiteModel> sites{{.name = "a", .zone = "a", .capacity = 1}, {.name = "b", .zone = "b", .capacity = 1}};
  Scripted decider(jobs);
  decider.plan[1] = {1, {1, t0}, {}};
  const auto runs = run(jobs, sites, decider);
  EXPECT_EQ(runs[0].start, t0);
  EXPECT_EQ(runs[1].start, t0);
  EXPECT_EQ(runs[1].site, 1u);
}

}  // namespace
}  // namespace carbon::replay

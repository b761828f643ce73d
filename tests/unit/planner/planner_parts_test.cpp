// SPDX-License-Identifier: Apache-2.0
// The planner's parts: run-time statistics, intensity sums, and plans of a few jobs.
#include <gtest/gtest.h>

#include <algorithm>

#include "planner/intensity_sums.h"
#include "planner/planner.h"
#include "planner/runtime_statistics.h"
#include "tests/support/series_of.h"

namespace carbon::planner {
namespace {
using policies::hourly;
using policies::t0;
using namespace std::chrono_literals;

double mean_hours(std::span<const RuntimeAtom> atoms) {
  double sum = 0, weight = 0;
  for (const auto& atom : atoms) {
    sum += atom.weight * seconds(atom.runtime) / 3600;
    weight += atom.weight;
  }
  EXPECT_NEAR(weight, 1.0, 1e-9);
  return sum;
}

PlanJob job_of(Duration runtime, Duration cap, double units = 1) {
  return {.ready = t0,
          .latest = t0 + cap,
          .runtime = runtime,
          .runtimes = {},
          .units = units,
          .power = Watts(1000 * units),
          .sites = 1,
          .transfer_g = {}};
}

TEST(RuntimeStatistics, StartsFromThePriorMean) { EXPECT_NEAR(mean_hours(RuntimeStatistics(5h).atoms({})), 5.0, 1e-6); }

TEST(RuntimeStatistics, RunningJobsAreCensored) {
  RuntimeStatistics statistics(10h);
  for (int i = 0; i < 10; ++i) statistics.finished(1h);
  const std::vector<Duration> running(10, 5h);
  const auto atoms = statistics.atoms(running);
  EXPECT_NEAR(mean_hours(atoms), 10.0, 1e-6) << "half ended after 1 h; the rest is as long as the mean of the class needs";
  EXPECT_NEAR(mean_hours(residual(atoms, 5h)), 14.0, 1e-6);
}

TEST(RuntimeStatistics, AJobThatOutlivesAllAtomsIsExpectedToRunHalfAsLongAgain) {
  EXPECT_NEAR(mean_hours(residual(std::vector<RuntimeAtom>{{2h, 1.0}}, 4h)), 2.0, 1e-9);
}

TEST(IntensitySums, BeyondTheSeriesTheDayBeforeIsRepeated) {
  std::vector<std::optional<double>> values;
  for (int h = 0; h < 24; ++h) values.push_back(100 + h);
  const auto s = hourly(values);
  const auto sums = intensity_sums(s.view(), t0, 1h, 48);
  EXPECT_NEAR(sums[30] - sums[29], 3600 * 105.0, 1e-6);
}

TEST(Planner, JobsThatDoNotAllFitInTheGreenHourRunAroundIt) {
  // One unit; the green hour is the third. The job that gains most takes it, the others run around it, all in time.
  const auto s = hourly({500, 400, 100, 400, 500, 500, 500, 500, 500, 500, 500, 500});
  const std::vector<PlanSite> sites{{{s.view(), 1.0}, 1.0}};
  const std::vector<PlanJob> jobs{job_of(1h, 10h), job_of(1h, 10h), job_of(1h, 10h)};
  Planner planner;
  auto placements = planner.plan(t0, jobs, {}, sites);
  std::vector<Instant> starts;
  for (const auto& p : placements) starts.push_back(p.start);
  std::sort(starts.begin(), starts.end());
  EXPECT_EQ(starts, (std::vector<Instant>{t0 + 1h, t0 + 2h, t0 + 3h}));
}

TEST(Planner, AnUrgentJobComesBeforeAGreenerOne) {
  const auto s = hourly({100, 300, 300, 300, 300, 300, 300, 300});
  const std::vector<PlanSite> sites{{{s.view(), 1.0}, 1.0}};
  const std::vector<PlanJob> jobs{job_of(1h, 6h), job_of(1h, 0h)};
  Planner planner;
  const auto placements = planner.plan(t0, jobs, {}, sites);
  EXPECT_EQ(placements[1].start, t0);
  EXPECT_GE(placements[0].start, t0 + 1h);
}

TEST(Planner, RunningJobsOccupyTheirUnits) {
  const auto s = hourly({100, 200, 300, 400, 500, 500});
  const std::vector<PlanSite> sites{{{s.view(), 1.0}, 2.0}};
  const std::vector<RunningJob> running{{0, 1, t0 - 1h, 3h, {}}};
  const std::vector<PlanJob> jobs{job_of(1h, 5h, 2), job_of(1h, 5h, 1)};
  Planner planner;
  const auto placements = planner.plan(t0, jobs, running, sites);
  EXPECT_EQ(placements[0].start, t0 + 2h) << "needs both units";
  EXPECT_EQ(placements[1].start, t0);
}

TEST(Planner, WhereNothingFitsInTimeAJobRunsAsSoonAsItCan) {
  const auto s = hourly(std::vector<std::optional<double>>(12, 100));
  const std::vector<PlanSite> sites{{{s.view(), 1.0}, 1.0}};
  const std::vector<RunningJob> running{{0, 1, t0, 5h, {}}};
  Planner planner;
  EXPECT_EQ(planner.plan(t0, std::vector<PlanJob>{job_of(1h, 1h)}, running, sites)[0].start, t0 + 5h);
}

TEST(Planner, ManySitesAreWeighedTogether) {
  const auto dirty = hourly(std::vector<std::optional<double>>(12, 500)),
             green = hourly(std::vector<std::optional<double>>(12, 50));
  const std::vector<PlanSite> sites{{{dirty.view(), 1.0}, 10.0}, {{green.view(), 1.2}, 1.0}};
  auto near = job_of(1h, 0h), far = job_of(1h, 0h);
  near.sites = far.sites = 0b11;
  far.transfer_g = {0, 1000};
  Planner planner;
  const auto placements = planner.plan(t0, std::vector<PlanJob>{far, near}, {}, sites);
  EXPECT_EQ(placements[0].site, 0u) << "moving its data costs more than it saves";
  EXPECT_EQ(placements[1].site, 1u);
}

// As many jobs of an hour on one unit, with a cap of 6 h, came each hour of the last day.
Planner after_a_day_of(int jobs_per_hour) {
  Planner planner;
  for (int i = 0; i < 24 * jobs_per_hour; ++i) {
    auto job = job_of(1h, 6h);
    job.ready = t0 - 24h + 1h * i / jobs_per_hour;
    job.latest = job.ready + 6h;
    planner.arrived(job);
  }
  return planner;
}

std::ptrdiff_t start_at_once(const std::vector<Placement>& placements) {
  return std::count_if(placements.begin(), placements.end(), [](const Placement& p) { return p.start == t0; });
}

TEST(Planner, InLastingOverloadNoUnitIdlesForAGreenerHour) {
  std::vector<std::optional<double>> values(12, 100);
  values[0] = values[1] = values[2] = 500;
  const auto s = hourly(values);
  const std::vector<PlanSite> sites{{{s.view(), 1.0}, 4.0}};
  const std::vector<PlanJob> jobs(10, job_of(1h, 6h));
  Planner light = after_a_day_of(1), heavy = after_a_day_of(8);
  EXPECT_EQ(start_at_once(light.plan(t0, jobs, {}, sites)), 0);
  EXPECT_FALSE(light.short_of_capacity());
  EXPECT_EQ(start_at_once(heavy.plan(t0, jobs, {}, sites)), 4);
  EXPECT_TRUE(heavy.short_of_capacity());
}

}  // namespace
}  // namespace carbon::planner

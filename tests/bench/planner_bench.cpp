// SPDX-License-Identifier: Apache-2.0
// What planning costs: one round for thousands of waiting jobs, and one decision of each policy that places a job alone. p50_us
// and p99_us are over single decisions.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <vector>

#include "planner/planner.h"
#include "policies/policy.h"

namespace carbon::policies {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Instant kStart = from_unix_ms(1'666'195'200'000);

IntensitySeries week(unsigned site, Duration step) {
  std::mt19937 random(site);
  std::vector<IntensityPoint> points;
  for (Instant at = kStart; at < kStart + hours(7 * 24); at += step) {
    const double day = seconds(at - kStart) / 86400 + site / 7.0;
    points.push_back({{at, at + step},
                      GramsPerKwh(300 + 120 * std::sin(6.2832 * day) + static_cast<double>(random() % 60)),
                      Origin::kForecast});
  }
  return std::move(IntensitySeries::make({}, std::move(points)).value());
}

void planning_round(benchmark::State& state) {
  const auto jobs = static_cast<std::size_t>(state.range(0)), sites = static_cast<std::size_t>(state.range(1));
  std::mt19937 random(1);
  std::vector<IntensitySeries> series;
  std::vector<planner::PlanSite> plan_sites;
  for (unsigned s = 0; s < sites; ++s) series.push_back(week(s, minutes(15)));
  for (const auto& s : series) plan_sites.push_back({{s.view(), 1.2}, 1000});
  std::vector<planner::PlanJob> pending;
  for (std::size_t i = 0; i < jobs; ++i) {
    pending.push_back({.ready = kStart,
                       .latest = kStart + minutes(random() % (7 * 24 * 60)),
                       .runtime = minutes(5 + random() % 1000),
                       .runtimes = {},
                       .units = 1.0 + static_cast<double>(random() % 8),
                       .power = Watts(500),
                       .sites = (std::uint64_t{1} << sites) - 1,
                       .transfer_g = {}});
  }
  for (auto _ : state) {
    planner::Planner planner;
    benchmark::DoNotOptimize(planner.plan(kStart, pending, {}, plan_sites));
  }
}
BENCHMARK(planning_round)->Args({100, 1})->Args({5000, 10})->Unit(benchmark::kMillisecond);

void decision(benchmark::State& state, const NamedPolicy& policy) {
  std::vector<IntensitySeries> series;
  std::vector<SiteForecast> sites;
  for (unsigned s = 0; s < 10; ++s) series.push_back(week(s, minutes(5)));
  for (const auto& s : series) sites.push_back({s.view(), 1.2, 0.05});
  std::mt19937 random(1);
  std::vector<double> us;
  for (auto _ : state) {
    const JobRequest job{.ready = kStart + minutes(random() % 2880),
                         .runtime = minutes(1 + random() % 2880),
                         .max_delay = minutes(random() % 1440),
                         .power = Watts(400),
                         .home = random() % sites.size(),
                         .sites = 0x3ff,
                         .data_gb = 10};
    const auto before = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(policy.place(job, sites));
    us.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - before).count());
  }
  std::sort(us.begin(), us.end());
  state.counters["p50_us"] = us[us.size() / 2];
  state.counters["p99_us"] = us[us.size() * 99 / 100];
}

const int kRegistered = [] {
  for (const auto& policy : kPolicies)
    benchmark::RegisterBenchmark(("decision/" + std::string(policy.name)).c_str(),
                                 [&policy](benchmark::State& state) { decision(state, policy); });
  return 0;
}();

}  // namespace
}  // namespace carbon::policies

// SPDX-License-Identifier: Apache-2.0
// The ledger at the size of a year of a large cluster: ledger_year.h says which, and by which variables.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include "tests/bench/ledger_year.h"

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;

void report_year_by_user(benchmark::State& state) {
  auto& store = year_ledger().store();
  std::size_t rows = 0;
  for (auto _ : state) rows = must(store.report({ReportBy::kUser, {kYear, kYear + kYearLength}, {}})).size();
  state.counters["jobs"] = year_ledger().jobs();
  state.counters["rows"] = static_cast<double>(rows);
}
BENCHMARK(report_year_by_user)->Unit(benchmark::kMillisecond);

// From the middle of a day to the middle of another: months, days, and jobs at the edges.
void report_odd_window_by_account(benchmark::State& state) {
  auto& store = year_ledger().store();
  for (auto _ : state)
    benchmark::DoNotOptimize(must(store.report({ReportBy::kAccount, {kYear + 500h, kYear + kYearLength - 500h}, {}})));
  state.counters["jobs"] = year_ledger().jobs();
}
BENCHMARK(report_odd_window_by_account)->Unit(benchmark::kMillisecond);

void report_month_of_one_user(benchmark::State& state) {
  auto& store = year_ledger().store();
  const Interval month{kYear + 24h * 59, kYear + 24h * 90};
  for (auto _ : state) benchmark::DoNotOptimize(must(store.report({ReportBy::kUser, month, "user7"})));
  state.counters["jobs"] = year_ledger().jobs();
}
BENCHMARK(report_month_of_one_user)->Unit(benchmark::kMillisecond);

void jobs_of_one_user_in_a_month(benchmark::State& state) {
  auto& store = year_ledger().store();
  JobQuery query;
  query.user = "user7";
  query.start = kYear + 24h * 59;
  query.end = kYear + 24h * 90;
  std::size_t rows = 0;
  for (auto _ : state) rows = must(store.jobs(query)).size();
  state.counters["jobs"] = year_ledger().jobs();
  state.counters["rows"] = static_cast<double>(rows);
}
BENCHMARK(jobs_of_one_user_in_a_month)->Unit(benchmark::kMillisecond);

// The same sums without rollups.
void report_year_by_scan(benchmark::State& state) {
  auto& store = year_ledger().store();
  for (auto _ : state) benchmark::DoNotOptimize(must(store.report_by_scan({ReportBy::kUser, {kYear, kYear + kYearLength}, {}})));
  state.counters["jobs"] = year_ledger().jobs();
}
BENCHMARK(report_year_by_scan)->Unit(benchmark::kMillisecond)->Iterations(1);

// New records, JSON included, each batch synced before the next: what the sender waits for.
void ingest(benchmark::State& state) {
  auto& store = year_ledger().store();
  const auto batch = static_cast<std::uint32_t>(state.range(0));
  std::uint32_t id = year_ledger().jobs();
  std::int64_t stored = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<std::string> bodies;
    for (std::uint32_t k = 0; k < batch; ++k) {
      auto r = year_record(++id % year_ledger().jobs() + 1, year_ledger().jobs());
      r.cluster = "bench" + std::to_string(::getpid());  // apart from the year's jobs
      r.job_id = id;
      r.partition = "none";
      bodies.push_back(to_json(r));
    }
    state.ResumeTiming();
    std::vector<EnergyRecord> records;
    for (const auto& body : bodies) records.push_back(must(record_from_json(body)));
    stored += static_cast<std::int64_t>(must(store.put(records)).stored);
  }
  state.SetItemsProcessed(stored);
}
BENCHMARK(ingest)->Arg(1)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond)->UseRealTime();

// Records that are stored become rows and rollups.
void accounting(benchmark::State& state) {
  std::int64_t jobs = 0;
  for (auto _ : state) jobs += static_cast<std::int64_t>(year_ledger().account());
  state.SetItemsProcessed(jobs);
}
BENCHMARK(accounting)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(1);

// One site's day is corrected: until all its jobs' rows and all rollups are right again.
void restatement_of_a_day(benchmark::State& state) {
  auto& store = year_ledger().store();
  double level = 200;
  std::size_t jobs = 0;
  for (auto _ : state) {
    jobs = must(store.put_intensity("a", {"A", "bench", {}, {}, true}, hours(kYear + 24h * 100, 24, ++level)));
    year_ledger().account();
  }
  state.counters["jobs"] = year_ledger().jobs();
  state.counters["restated"] = static_cast<double>(jobs);
}
BENCHMARK(restatement_of_a_day)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);

}  // namespace
}  // namespace carbon::ledger

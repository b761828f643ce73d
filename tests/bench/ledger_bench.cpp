// SPDX-License-Identifier: Apache-2.0
// The ledger with a year of a large cluster, as ledger_year.h generates it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <thread>

#include "carbonctld/accounting/ingest.h"
#include "ledger/reports/report.h"
#include "tests/bench/ledger_year.h"

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;

void report_year_by_user(benchmark::State& state) {
  auto& store = year_ledger().store();
  std::size_t rows = 0;
  for (auto _ : state) rows = must(run_report(store, {Dimension::kUser, {kYear, kYear + kYearLength}})).size();
  state.counters["jobs"] = year_ledger().jobs();
  state.counters["rows"] = static_cast<double>(rows);
}
BENCHMARK(report_year_by_user)->Unit(benchmark::kMillisecond);

// From the middle of a day to the middle of another: months, days, and jobs at the edges.
void report_odd_window_by_account(benchmark::State& state) {
  auto& store = year_ledger().store();
  for (auto _ : state)
    benchmark::DoNotOptimize(must(run_report(store, {Dimension::kAccount, {kYear + 500h, kYear + kYearLength - 500h}})));
  state.counters["jobs"] = year_ledger().jobs();
}
BENCHMARK(report_odd_window_by_account)->Unit(benchmark::kMillisecond);

void report_month_of_one_user(benchmark::State& state) {
  auto& store = year_ledger().store();
  const Interval month{kYear + 24h * 59, kYear + 24h * 90};
  for (auto _ : state)
    benchmark::DoNotOptimize(must(run_report(store, {Dimension::kUser, month, {}, {{Dimension::kUser, {"user7"}}}})));
  state.counters["jobs"] = year_ledger().jobs();
}
BENCHMARK(report_month_of_one_user)->Unit(benchmark::kMillisecond);

void jobs_of_one_user_in_a_month(benchmark::State& state) {
  auto& store = year_ledger().store();
  JobQuery query;
  query.only = {{Dimension::kUser, {"user7"}}};
  query.start = kYear + 24h * 59;
  query.end = kYear + 24h * 90;
  std::size_t rows = 0;
  for (auto _ : state) rows = must(find_jobs(store, query)).size();
  state.counters["jobs"] = year_ledger().jobs();
  state.counters["rows"] = static_cast<double>(rows);
}
BENCHMARK(jobs_of_one_user_in_a_month)->Unit(benchmark::kMillisecond);

// Bodies of new records, `each` in a POST, of jobs that are not in the year.
std::vector<std::string> fresh_bodies(std::size_t bodies, std::uint32_t each) {
  // Higher than in earlier runs on the same ledger: records of the same job id, of any cluster, would be read, too.
  static auto id = static_cast<std::uint32_t>(1'000'000'000 + std::time(nullptr) % 30'000 * 100'000);
  std::vector<std::string> out(bodies);
  for (auto& body : out) {
    for (std::uint32_t k = 0; k < each; ++k) {
      auto r = year_record(++id % year_ledger().jobs() + 1, year_ledger().jobs());
      r.cluster = "bench";
      r.job_id = id;
      r.partition = "none";
      body += (k == 0 ? "[" : ",") + to_json(r);
    }
    body += "]";
  }
  return out;
}

// From the JSON of a POST to the synced commit that the sender waits for, with several senders at once, each on a thread as in
// carbonctld.
void ingest(benchmark::State& state) {
  const auto senders = static_cast<std::size_t>(state.range(0));
  const auto each = static_cast<std::uint32_t>(state.range(1));
  const std::size_t in_all = std::max<std::size_t>(senders * 4, std::min<std::size_t>(5'000, 20'000 / each));
  std::int64_t stored = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const auto bodies = fresh_bodies(in_all, each);
    carbonctld::Ingest receiver(year_ledger().store(), [] {});
    std::atomic<std::size_t> next = 0;
    std::atomic<std::int64_t> received = 0;
    state.ResumeTiming();
    std::vector<std::thread> threads;
    for (std::size_t s = 0; s < senders; ++s) {
      threads.emplace_back([&] {
        for (std::size_t i = next++; i < bodies.size(); i = next++)
          received += static_cast<std::int64_t>(must(receiver.put(must(records_from_json(bodies[i], each)))).stored);
      });
    }
    for (auto& t : threads) t.join();
    stored += received;
  }
  state.SetItemsProcessed(stored);
  state.counters["jobs"] = year_ledger().jobs();
}
BENCHMARK(ingest)
    ->ArgNames({"senders", "records_each"})
    ->Args({1, 1000})
    ->Args({4, 1000})
    ->Args({8, 100})
    ->Args({8, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Iterations(3);

// From stored records to rows and rollups.
void accounting(benchmark::State& state) {
  std::int64_t jobs = 0;
  for (auto _ : state) jobs += static_cast<std::int64_t>(year_ledger().account());
  state.SetItemsProcessed(jobs);
}
BENCHMARK(accounting)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(1);

// A correction of one site's day: until the rows of all its jobs and all rollups are up to date.
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

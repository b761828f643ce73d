// SPDX-License-Identifier: Apache-2.0
// The ledger at the size of a year of a large cluster. CARBON_BENCH_JOBS: how many jobs (default 100000); CARBON_BENCH_DIR: where
// the generated ledger is kept for the next run (default: a temporary directory). 2000 users, 2 sites, a year of hourly
// intensities.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <iostream>
#include <random>
#include <stdexcept>

#include "ledger/accountant.h"
#include "ledger/store.h"

namespace carbon::ledger {
namespace {
using namespace std::chrono_literals;

const Instant kYear = from_unix_ms(1'735'689'600'000);  // 2025-01-01T00:00:00Z
constexpr auto kYearLength = std::chrono::hours(24 * 365);
constexpr std::uint32_t kUsers = 2000;

std::uint32_t jobs_wanted() {
  const char* text = std::getenv("CARBON_BENCH_JOBS");
  return text ? static_cast<std::uint32_t>(std::stoul(text)) : 100'000;
}

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

// Job `id` of `jobs` that are spread evenly over the year: half an hour to 8 hours on one GPU, at 5 minutes a value.
EnergyRecord record(std::uint32_t id, std::uint32_t jobs) {
  std::minstd_rand random(id);
  EnergyRecord r;
  r.cluster = "campus";
  r.job_id = id;
  r.node = "gpu" + std::to_string(id % 500);
  r.start = kYear + Duration(Duration(kYearLength).count() / jobs * (id - 1));
  r.start = std::chrono::floor<std::chrono::seconds>(r.start);
  r.end = r.start + 1min * static_cast<std::int64_t>(30 + random() % 450);
  r.final = true;
  r.revision = 1;
  const auto user = random() % kUsers;
  r.uid = static_cast<std::uint32_t>(1000 + user);
  r.user = "user" + std::to_string(user);
  r.account = "group" + std::to_string(user % 100);
  r.partition = random() % 2 ? "gpu-a" : "gpu-b";
  DeviceEnergy d;
  d.device = "GPU-6f1c2d3e-0000-4000-8000-" + std::to_string(100000000000 + id % 4000);
  d.type = "gpu";
  d.step = 5min;
  d.first = std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<300>>>(r.start);
  for (auto t = d.first; t < r.end; t += d.step) d.mj.push_back(60'000'000 + static_cast<std::int64_t>(random() % 60'000'000));
  r.devices.push_back(std::move(d));
  return r;
}

std::vector<Site> sites() { return {{"a", "A", 1.2, {"gpu-a"}, {}}, {"b", "B", 1.4, {"gpu-b"}, {}}}; }

std::vector<IntensityPoint> hours(Instant from, std::size_t count, double level) {
  std::vector<IntensityPoint> out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = from + 1h * static_cast<std::int64_t>(i);
    out.push_back({{start, start + 1h}, GramsPerKwh(level + static_cast<double>(i % 24) * 10), Origin::kActual});
  }
  return out;
}

class YearLedger {
 public:
  YearLedger() : jobs_(jobs_wanted()) {
    const char* kept = std::getenv("CARBON_BENCH_DIR");
    char name[] = "/tmp/carbon-bench-XXXXXX";
    dir_ = kept ? kept : ::mkdtemp(name);
    temporary_ = !kept;
    std::filesystem::create_directories(dir_);
    store_ = must(Store::open("sqlite3://db=" + (dir_ / (std::to_string(jobs_) + ".sqlite")).string()));
    account();  // what a run that was broken off had left
    const auto held = static_cast<std::uint32_t>(must(store_->counts()).jobs);
    if (held < jobs_) fill(held);
    if (must(store_->counts()).jobs != jobs_) throw std::runtime_error("the kept ledger holds another number of jobs");
  }
  ~YearLedger() {
    store_.reset();
    if (temporary_) std::filesystem::remove_all(dir_);
  }

  std::uint32_t jobs() const { return jobs_; }
  Store& store() { return *store_; }
  std::size_t account() {
    Accountant accountant(*store_, sites());
    std::size_t all = 0;
    while (const auto done = must(accountant.run(kYear + kYearLength, 2000))) all += done;
    return all;
  }

 private:
  void fill(std::uint32_t held) {
    for (const auto* site : {"a", "b"})
      must(store_->put_intensity(site, {site, "bench", {}, {}, true}, hours(kYear, 24 * 366, 100)));
    constexpr std::uint32_t kBatch = 10'000;
    for (std::uint32_t id = held + 1; id <= jobs_; id += kBatch) {
      std::vector<EnergyRecord> batch;
      for (std::uint32_t k = id; k < id + kBatch && k <= jobs_; ++k) batch.push_back(record(k, jobs_));
      must(store_->put(batch));
      account();
      if ((id / kBatch) % 20 == 19) std::cerr << "ledger_bench: " << id + kBatch - 1 << " of " << jobs_ << " jobs\n";
    }
  }

  std::uint32_t jobs_;
  std::filesystem::path dir_;
  bool temporary_ = true;
  std::unique_ptr<Store> store_;
};

YearLedger& ledger() {
  static YearLedger held;
  return held;
}

void report_year_by_user(benchmark::State& state) {
  auto& store = ledger().store();
  std::size_t rows = 0;
  for (auto _ : state) rows = must(store.report({ReportBy::kUser, {kYear, kYear + kYearLength}, {}})).size();
  state.counters["jobs"] = ledger().jobs();
  state.counters["rows"] = static_cast<double>(rows);
}
BENCHMARK(report_year_by_user)->Unit(benchmark::kMillisecond);

// From the middle of a day to the middle of another: months, days, and jobs at the edges.
void report_odd_window_by_account(benchmark::State& state) {
  auto& store = ledger().store();
  for (auto _ : state)
    benchmark::DoNotOptimize(must(store.report({ReportBy::kAccount, {kYear + 500h, kYear + kYearLength - 500h}, {}})));
  state.counters["jobs"] = ledger().jobs();
}
BENCHMARK(report_odd_window_by_account)->Unit(benchmark::kMillisecond);

void report_month_of_one_user(benchmark::State& state) {
  auto& store = ledger().store();
  const Interval month{kYear + 24h * 59, kYear + 24h * 90};
  for (auto _ : state) benchmark::DoNotOptimize(must(store.report({ReportBy::kUser, month, "user7"})));
  state.counters["jobs"] = ledger().jobs();
}
BENCHMARK(report_month_of_one_user)->Unit(benchmark::kMillisecond);

void jobs_of_one_user_in_a_month(benchmark::State& state) {
  auto& store = ledger().store();
  JobQuery query;
  query.user = "user7";
  query.start = kYear + 24h * 59;
  query.end = kYear + 24h * 90;
  std::size_t rows = 0;
  for (auto _ : state) rows = must(store.jobs(query)).size();
  state.counters["jobs"] = ledger().jobs();
  state.counters["rows"] = static_cast<double>(rows);
}
BENCHMARK(jobs_of_one_user_in_a_month)->Unit(benchmark::kMillisecond);

// The same sums without rollups.
void report_year_by_scan(benchmark::State& state) {
  auto& store = ledger().store();
  for (auto _ : state) benchmark::DoNotOptimize(must(store.report_by_scan({ReportBy::kUser, {kYear, kYear + kYearLength}, {}})));
  state.counters["jobs"] = ledger().jobs();
}
BENCHMARK(report_year_by_scan)->Unit(benchmark::kMillisecond)->Iterations(1);

// New records, JSON included, each batch synced before the next: what the sender waits for.
void ingest(benchmark::State& state) {
  auto& store = ledger().store();
  const auto batch = static_cast<std::uint32_t>(state.range(0));
  std::uint32_t id = ledger().jobs();
  std::int64_t stored = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<std::string> bodies;
    for (std::uint32_t k = 0; k < batch; ++k) {
      auto r = record(++id % ledger().jobs() + 1, ledger().jobs());
      r.cluster = "bench" + std::to_string(::getpid());  // not among the year's sums
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
  for (auto _ : state) jobs += static_cast<std::int64_t>(ledger().account());
  state.SetItemsProcessed(jobs);
}
BENCHMARK(accounting)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(1);

// One site's day is corrected: until all its jobs' rows and all rollups are right again.
void restatement_of_a_day(benchmark::State& state) {
  auto& store = ledger().store();
  double level = 200;
  std::size_t jobs = 0;
  for (auto _ : state) {
    jobs = must(store.put_intensity("a", {"A", "bench", {}, {}, true}, hours(kYear + 24h * 100, 24, ++level)));
    ledger().account();
  }
  state.counters["jobs"] = ledger().jobs();
  state.counters["restated"] = static_cast<double>(jobs);
}
BENCHMARK(restatement_of_a_day)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);

}  // namespace
}  // namespace carbon::ledger

// SPDX-License-Identifier: Apache-2.0
// What job_submit adds to a submission: the look whether the snapshot was replaced, and the decision. A snapshot of a week in
// steps of five minutes; jobs of all modes and lengths. p50_us, p99_us and max_us are over single decisions.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>

#include "placement/submission.h"
#include "plugin/snapshot_watch.h"

namespace carbon::plugin {
namespace {

using placement::GpuCount;
using placement::SubmitRequest;

using std::chrono::hours;
using std::chrono::minutes;

IntensitySeries week(unsigned site, Instant from) {
  std::mt19937 random(site);
  std::uniform_real_distribution<double> noise(-30, 30);
  std::vector<IntensityPoint> points;
  for (int i = 0; i < 7 * 288; ++i) {
    const double day = i / 288.0 + site / 7.0;
    points.push_back(
        {{from + i * minutes(5), from + (i + 1) * minutes(5)}, GramsPerKwh(300 + 120 * std::sin(6.2832 * day) + noise(random))});
  }
  SeriesMeta meta;
  meta.provider = "bench";
  return std::move(*IntensitySeries::make(meta, std::move(points)));
}

// The snapshot of `sites` sites, as a file of its own.
class PublishedSnapshot {
 public:
  explicit PublishedSnapshot(unsigned sites) {
    std::string name = (std::filesystem::temp_directory_path() / "carbon-bench-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    const auto from = now() - hours(1);
    std::vector<IntensitySeries> series;
    for (unsigned i = 0; i < sites; ++i) series.push_back(week(i, from));
    snapshot::SnapshotContent content;
    content.published = now();
    content.rules.default_mode = CarbonMode::kAuto;
    for (unsigned i = 0; i < sites; ++i) {
      content.sites.push_back({"site" + std::to_string(i), 1.2, series[i].meta(), Origin::kForecast, series[i].view()});
      PartitionLimits limits;
      limits.default_time = hours(1);
      limits.max_time = hours(72);
      limits.kinds = {{64, 128, 512'000, {{"a100", 8}}, {}}};
      content.partitions.push_back({"gpu" + std::to_string(i), i, 0, limits});
    }
    ok_ = snapshot::write_snapshot(file(), content).ok();
  }
  PublishedSnapshot(const PublishedSnapshot&) = delete;
  ~PublishedSnapshot() { std::filesystem::remove_all(directory_); }
  std::filesystem::path file() const { return directory_ / "snapshot"; }
  // Ends the benchmark.
  bool failed(benchmark::State& state) const {
    if (!ok_) state.SkipWithError("the snapshot could not be written");
    return !ok_;
  }

 private:
  std::filesystem::path directory_;
  bool ok_ = false;
};

SubmitRequest random_job(std::mt19937& random) {
  static constexpr std::array<std::string_view, 4> kModes{"auto", "defer", "relocate", "off"};
  SubmitRequest job;
  job.partition = "gpu0";
  job.gpus = GpuCount{static_cast<std::uint32_t>(1 + random() % 8), 0, {}};
  job.time_limit = minutes(10 + random() % (48 * 60));
  job.mode = kModes[random() % 20 == 0 ? 3 : random() % 3];
  return job;
}

void decision(benchmark::State& state) {
  const PublishedSnapshot published(static_cast<unsigned>(state.range(0)));
  if (published.failed(state)) return;
  SnapshotWatch watch(published.file(), [](const std::string&) {});
  std::mt19937 random(1);
  std::vector<SubmitRequest> jobs;
  for (int i = 0; i < 4096; ++i) jobs.push_back(random_job(random));
  std::vector<double> micros;
  micros.reserve(1 << 20);
  std::size_t next = 0;
  placement::StartReservations reservations;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    const auto at = now();
    auto decided = placement::decide(jobs[next++ % jobs.size()], watch.current(at), reservations, at);
    benchmark::DoNotOptimize(decided);
    micros.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(micros.begin(), micros.end());
  const auto share = [&](double q) { return micros[static_cast<std::size_t>(q * static_cast<double>(micros.size() - 1))]; };
  state.counters["p50_us"] = share(0.5);
  state.counters["p99_us"] = share(0.99);
  state.counters["max_us"] = micros.back();
}
BENCHMARK(decision)->Name("job_submit/decision/sites")->Arg(2)->Arg(8)->Arg(64)->Unit(benchmark::kMicrosecond);

// As slurmctld finds it: what it does for a job itself leaves nothing of the plugin in the processor's caches.
void cold_decision(benchmark::State& state) {
  const PublishedSnapshot published(static_cast<unsigned>(state.range(0)));
  if (published.failed(state)) return;
  SnapshotWatch watch(published.file(), [](const std::string&) {});
  std::mt19937 random(1);
  placement::StartReservations reservations;
  std::vector<unsigned char> elsewhere(8u << 20);
  for (auto _ : state) {
    const auto job = random_job(random);
    for (std::size_t i = 0; i < elsewhere.size(); i += 64) ++elsewhere[i];
    const auto start = std::chrono::steady_clock::now();
    const auto at = now();
    auto decided = placement::decide(job, watch.current(at), reservations, at);
    benchmark::DoNotOptimize(decided);
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
}
BENCHMARK(cold_decision)
    ->Name("job_submit/cold_decision/sites")
    ->Arg(2)
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime()
    ->Iterations(3000);

// The first job after a new snapshot pays for reading and checking it.
void reopen(benchmark::State& state) {
  const PublishedSnapshot published(static_cast<unsigned>(state.range(0)));
  if (published.failed(state)) return;
  for (auto _ : state) {
    SnapshotWatch watch(published.file(), [](const std::string&) {});
    benchmark::DoNotOptimize(watch.current(now()));
  }
}
BENCHMARK(reopen)->Name("job_submit/new_snapshot/sites")->Arg(2)->Arg(8)->Arg(64)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace carbon::plugin

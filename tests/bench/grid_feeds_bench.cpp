// SPDX-License-Identifier: Apache-2.0
// Benchmarks of the snapshot of 50 sites, a week in steps of five minutes: opening it, and one integral over a random window.
// p50 and p99 are over single openings, and over rounds of 64 integrals (the clock is too coarse for one), in the given unit.
// `cpu_`: this thread's processor time, without time in which other processes ran.
#include <benchmark/benchmark.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <random>
#include <string>

#include "snapshot/snapshot.h"

namespace carbon::grid_feeds {
namespace {

using std::chrono::minutes;
using SteadyClock = std::chrono::steady_clock;
constexpr unsigned kSites = 50;
constexpr int kSteps = 7 * 288;

class FiftySites {
 public:
  FiftySites() {
    std::string name = (std::filesystem::temp_directory_path() / "carbon-bench-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    std::vector<IntensitySeries> series;
    snapshot::SnapshotContent content;
    for (unsigned site = 0; site < kSites; ++site) {
      std::vector<IntensityPoint> points;
      for (int i = 0; i < kSteps; ++i) {
        points.push_back(
            {{start() + i * minutes(5), start() + (i + 1) * minutes(5)}, GramsPerKwh(300 + 100 * std::sin(i * 0.0218 + site))});
      }
      series.push_back(IntensitySeries::make({}, std::move(points)).value());
    }
    for (unsigned site = 0; site < kSites; ++site) {
      content.sites.push_back({"site" + std::to_string(site), 1.2, {}, Origin::kForecast, series[site].view()});
    }
    (void)snapshot::write_snapshot(file(), content);
  }
  FiftySites(const FiftySites&) = delete;
  FiftySites& operator=(const FiftySites&) = delete;
  ~FiftySites() { std::filesystem::remove_all(directory_); }

  static Instant start() { return from_unix_ms(1'764'000'000'000); }
  std::filesystem::path file() const { return directory_ / "snapshot"; }

 private:
  std::filesystem::path directory_;
};

double share_of(std::vector<double>& values, double share) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// Wall time and processor time of rounds.
class Rounds {
 public:
  void begin() {
    cpu_ = cpu_ns();
    wall_ = SteadyClock::now();
  }
  // `per`: nanoseconds in the unit of the figures, times the operations of a round.
  void end(double per) {
    walls_.push_back(std::chrono::duration<double, std::nano>(SteadyClock::now() - wall_).count() / per);
    cpus_.push_back((cpu_ns() - cpu_) / per);
  }
  void report(benchmark::State& state, const std::string& unit) {
    state.counters["p50_" + unit] = share_of(walls_, 0.50);
    state.counters["p99_" + unit] = share_of(walls_, 0.99);
    state.counters["cpu_p50_" + unit] = share_of(cpus_, 0.50);
    state.counters["cpu_p99_" + unit] = share_of(cpus_, 0.99);
  }

 private:
  static double cpu_ns() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
  }

  double cpu_ = 0;
  SteadyClock::time_point wall_;
  std::vector<double> walls_, cpus_;
};

void snapshot_open(benchmark::State& state) {
  const FiftySites published;
  Rounds rounds;
  for (auto _ : state) {
    rounds.begin();
    const auto snapshot = snapshot::Snapshot::open(published.file());
    benchmark::DoNotOptimize(snapshot.ok());
    rounds.end(1000);
    if (!snapshot) return state.SkipWithError(snapshot.error().message.c_str());
  }
  rounds.report(state, "us");
}
BENCHMARK(snapshot_open)->Unit(benchmark::kMicrosecond)->Iterations(3000);

void snapshot_integral(benchmark::State& state) {
  const FiftySites published;
  const auto snapshot = snapshot::Snapshot::open(published.file());
  if (!snapshot) return state.SkipWithError(snapshot.error().message.c_str());
  struct Window {
    std::size_t site;
    Instant from, to;
  };
  std::vector<Window> windows(64 * 256);
  std::mt19937_64 random(1);
  const long week = kSteps * Duration(minutes(5)).count();
  for (auto& window : windows) {
    const auto a = static_cast<long>(random() % static_cast<unsigned long>(week)),
               b = static_cast<long>(random() % static_cast<unsigned long>(week));
    window = {random() % kSites, FiftySites::start() + Duration(std::min(a, b)), FiftySites::start() + Duration(std::max(a, b))};
  }
  Rounds rounds;
  std::size_t next = 0;
  for (auto _ : state) {
    rounds.begin();
    for (int i = 0; i < 64; ++i) {
      const auto& window = windows[next++ % windows.size()];
      benchmark::DoNotOptimize(snapshot->content().sites[window.site].series.integrate(window.from, window.to));
    }
    rounds.end(64);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(next));
  rounds.report(state, "ns");
}
BENCHMARK(snapshot_integral)->Iterations(20000);

}  // namespace
}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
// What the planner promises: capacity, caps, no knowledge of the future, the same plan each time; and what it saves.
#include <unistd.h>

#include <fstream>
#include <map>
#include <random>

#include "tests/support/replay_case.h"

namespace carbon::replay {
namespace {
using namespace std::chrono_literals;

// A week with a green noon and a dirty evening, different from day to day.
std::vector<IntensitySeries> week(std::mt19937& random, std::size_t zones) {
  std::vector<IntensitySeries> all;
  for (std::size_t z = 0; z < zones; ++z) {
    std::vector<IntensityPoint> points;
    for (int h = 0; h < 168; ++h) {
      const Instant at = from_unix_ms(1'666'195'200'000) + std::chrono::hours(h);
      const double value =
          200 + 100.0 * static_cast<double>(z) + 120 * std::cos(6.2832 * (h % 24 - 19) / 24) + static_cast<double>(random() % 80);
      points.push_back({{at, at + 1h}, GramsPerKwh(value), Origin::kActual});
    }
    all.push_back(std::move(IntensitySeries::make({}, std::move(points)).value()));
  }
  return all;
}

Trace random_trace(std::mt19937& random, std::size_t jobs, std::uint32_t widest) {
  Trace trace;
  trace.user_index("");
  Instant at{};
  for (std::size_t i = 0; i < jobs; ++i) {
    at += Duration(random() % 2'400'000);
    const auto runtime = Duration(random() % 4 == 0 ? 7'200'000 + random() % 30'000'000 : 300'000 + random() % 5'000'000);
    trace.jobs.push_back(
        {.id = i, .arrival = at, .runtime = runtime, .width = 1 + static_cast<std::uint32_t>(random() % widest)});
  }
  return trace;
}

Case random_case(unsigned seed, std::size_t jobs, std::size_t zones, std::uint32_t capacity) {
  std::mt19937 random(seed);
  Case c;
  c.trace = random_trace(random, jobs, 4);
  for (std::size_t z = 0; z < zones; ++z)
    c.setting.sites.push_back({.name = std::to_string(z), .zone = std::to_string(z), .capacity = capacity});
  c.setting.caps = usual_caps();
  complete(c, from_unix_ms(1'666'195'200'000), week(random, zones));
  return c;
}

void expect_possible(const Case& c, const std::vector<JobRun>& runs) {
  std::map<std::pair<std::size_t, Instant>, int> change;  // ends come before starts at one moment: both are summed
  for (std::size_t i = 0; i < runs.size(); ++i) {
    EXPECT_GE(runs[i].start, c.trace.jobs[i].arrival);
    EXPECT_EQ(runs[i].end - runs[i].start, c.trace.jobs[i].runtime);
    change[{runs[i].site, runs[i].start}] += static_cast<int>(c.trace.jobs[i].width);
    change[{runs[i].site, runs[i].end}] -= static_cast<int>(c.trace.jobs[i].width);
  }
  std::map<std::size_t, int> used;
  for (const auto& [key, by] : change) {
    used[key.first] += by;
    EXPECT_LE(used[key.first], static_cast<int>(c.setting.sites[key.first].capacity));
  }
}

TEST(Planner, KeepsCapacityAndCapsOnRandomWeeks) {
  std::size_t jobs = 0, late = 0;
  for (unsigned seed = 1; seed <= 6; ++seed) {
    const Case c = random_case(seed, 250, 1 + seed % 3, seed % 2 == 0 ? 30 : 20);
    const Replay replay(c.trace, c.setting);
    const auto report = replay.run("planner");
    expect_possible(c, report.runs);
    jobs += c.trace.jobs.size();
    late += report.summary.cap_violations;
    EXPECT_LE(report.summary.worst_violation, 30min) << "seed " << seed;
    EXPECT_GT(report.saved_percent, 0) << "seed " << seed;
  }
  EXPECT_LE(static_cast<double>(late), 0.002 * static_cast<double>(jobs));
}

// A third more work than the capacity can do arrives for days. Which job starts when is then chaos, and what waits for long waits
// longer than its cap in the run-now run too; but nothing may be put off.
TEST(Planner, UnderLastingOverloadAsMuchIsDoneAsWithoutIt) {
  double wait = 0, wait_now = 0;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const Case c = random_case(seed, 250, 1, 12);
    const Replay replay(c.trace, c.setting);
    const auto planned = replay.run("planner"), at_once = replay.run("run-now");
    expect_possible(c, planned.runs);
    wait += seconds(planned.summary.mean_wait);
    wait_now += seconds(at_once.summary.mean_wait);
    EXPECT_GT(at_once.summary.max_wait, 24h) << "no overload: seed " << seed;
    EXPECT_LE(seconds(planned.summary.p95_wait), 1.2 * seconds(at_once.summary.p95_wait)) << "seed " << seed;
  }
  EXPECT_LE(wait, 1.1 * wait_now);
}

TEST(Planner, TheSameInputGivesTheSameRun) {
  const Case c = random_case(9, 200, 2, 12);
  const Replay replay(c.trace, c.setting);
  const auto a = replay.run("planner"), b = replay.run("planner");
  for (std::size_t i = 0; i < a.runs.size(); ++i) {
    EXPECT_EQ(a.runs[i].start, b.runs[i].start);
    EXPECT_EQ(a.runs[i].site, b.runs[i].site);
  }
}

TEST(Planner, TheOrderOfZonesAndRowsDoesNotMatter) {
  std::vector<std::vector<JobRun>> all;
  for (const bool turned : {false, true}) {
    std::mt19937 random(6);
    Case c;
    c.trace = random_trace(random, 150, 4);
    auto intensity = week(random, 3);
    for (const std::string name : {"a", "b", "c"}) c.setting.sites.push_back({.name = name, .zone = name, .capacity = 8});
    if (turned) {
      std::reverse(c.setting.sites.begin(), c.setting.sites.end());
      std::shuffle(c.trace.jobs.begin(), c.trace.jobs.end(), random);
    }
    sort_by_name(c.setting.sites);
    c.setting.caps = usual_caps();
    complete(c, from_unix_ms(1'666'195'200'000), intensity);
    all.push_back(Replay(c.trace, c.setting).run("planner").runs);
  }
  for (std::size_t i = 0; i < all[0].size(); ++i) {
    EXPECT_EQ(all[0][i].start, all[1][i].start) << i;
    EXPECT_EQ(all[0][i].site, all[1][i].site) << i;
  }
}

TEST(Planner, DoesNotKnowTheJobsThatAreStillToCome) {
  for (const auto runtime : {RuntimeSource::kExact, RuntimeSource::kPredicted}) {
    Case whole = random_case(4, 240, 2, 10);
    whole.setting.runtime = runtime;
    const auto all = Replay(whole.trace, whole.setting).run("planner");
    const Instant cut = whole.trace.jobs[120].arrival;
    Case half = whole;
    half.trace.jobs.resize(121);
    const auto part = Replay(half.trace, half.setting).run("planner");
    for (std::size_t i = 0; i < half.trace.jobs.size(); ++i) {
      if (all.runs[i].start > cut && part.runs[i].start > cut) continue;  // decided later, knowing more
      EXPECT_EQ(all.runs[i].start, part.runs[i].start) << i;
      EXPECT_EQ(all.runs[i].site, part.runs[i].site) << i;
    }
  }
}

TEST(Planner, MovesAJobOnlyWhereItGainsNetOfItsData) {
  std::mt19937 random(3);
  for (const double data_gb : {0.0, 1e6}) {
    Case c;
    c.trace = random_trace(random, 60, 2);
    for (auto& job : c.trace.jobs) {
      job.home = 1;
      job.data_gb = data_gb;
    }
    c.setting.sites = {{.name = "a", .zone = "a", .capacity = 50, .pue = 1.0, .transfer_kwh_per_gb = 0.05},
                       {.name = "b", .zone = "b", .capacity = 50, .pue = 1.0, .transfer_kwh_per_gb = 0.05}};
    c.setting.caps = usual_caps();
    complete(c, from_unix_ms(1'666'195'200'000), week(random, 2));
    const auto report = Replay(c.trace, c.setting).run("planner");
    EXPECT_EQ(report.summary.moved > 0, data_gb == 0.0) << data_gb << " GB a job";
    EXPECT_GT(report.saved_percent, 0);
  }
}

TEST(Planner, ADeferralNeverOutlastsItsCapWhereCapacityIsPlenty) {
  const Case c = random_case(5, 200, 1, 1000);
  const auto report = Replay(c.trace, c.setting).run("planner");
  EXPECT_EQ(report.summary.cap_violations, 0u);
  for (std::size_t i = 0; i < report.runs.size(); ++i)
    EXPECT_LE(report.runs[i].start, c.trace.jobs[i].arrival + c.setting.caps.of(c.trace.jobs[i].runtime));
}

TEST(Planner, NoUsersMeanStretchGrowsBeyondTheBound) {
  // An SWF trace with users and requested times.
  const auto path = std::filesystem::temp_directory_path() / ("carbon_stretch_" + std::to_string(getpid()) + ".swf");
  {
    std::mt19937 random(8);
    std::ofstream out(path);
    out << "; Version: 2.2\n";
    for (int i = 0, at = 0; i < 250; ++i, at += static_cast<int>(random() % 2000)) {
      const int runtime = 300 + static_cast<int>(random() % (random() % 5 == 0 ? 30000 : 4000)),
                width = 1 + static_cast<int>(random() % 3);
      out << i << ' ' << at << " 0 " << runtime << ' ' << width << " -1 -1 " << width << ' ' << 2 * runtime << " -1 1 "
          << random() % 7 << " 1 -1 1 -1 -1 -1\n";
    }
  }
  std::mt19937 random(8);
  Case c;
  c.trace = std::move(read_trace(path, {}).value());
  std::filesystem::remove(path);
  c.setting.sites = {{.name = "a", .zone = "a", .capacity = 16}};
  c.setting.caps = usual_caps();
  complete(c, from_unix_ms(1'666'195'200'000), week(random, 1));
  const auto free = Replay(c.trace, c.setting).run("planner");
  EXPECT_GT(free.summary.worst_slowdown_growth, 2.0) << "without a bound short jobs wait for long";
  c.setting.slowdown_bound = 1.0;
  const auto bound = Replay(c.trace, c.setting).run("planner");
  EXPECT_LE(bound.summary.worst_slowdown_growth, 1.0);
  EXPECT_GT(bound.saved_percent, 0);
}

struct Target {
  std::uint32_t capacity;
  RuntimeSource runtime;
  double saved_percent;
  double mean_wait_h;
  std::size_t late;
};

TEST(Planner, SavesWhatItIsKnownToSaveOnTheRecordedWeek) {
  SKIP_WITHOUT_DATA();
  const Target targets[] = {{40, RuntimeSource::kExact, 35.8, 6.8, 0},
                            {28, RuntimeSource::kExact, 31.3, 7.0, 0},
                            {22, RuntimeSource::kExact, 23.5, 7.2, 2},
                            {kUnlimited, RuntimeSource::kClassMean, 32.2, 24, 0},
                            {40, RuntimeSource::kClassMean, 30.0, 24, 0},
                            {28, RuntimeSource::kClassMean, 27.0, 24, 0},
                            {22, RuntimeSource::kClassMean, 18.5, 24, 2},
                            // About as much capacity as demand, and less:
                            {20, RuntimeSource::kExact, 10.0, 24, 2},
                            {18, RuntimeSource::kExact, 3.0, 24, 2}};
  for (const auto& target : targets) {
    const Case c = pai_1k({.capacity = target.capacity, .runtime = target.runtime});
    const auto report = Replay(c.trace, c.setting).run("planner");
    const auto name = std::to_string(target.capacity) + (target.runtime == RuntimeSource::kExact ? " exact" : " class-mean");
    EXPECT_GE(report.saved_percent, target.saved_percent) << name;
    EXPECT_LE(seconds(report.summary.mean_wait) / 3600, target.mean_wait_h) << name;
    EXPECT_LE(report.summary.cap_violations, target.late) << name;
    EXPECT_LE(report.summary.worst_violation, 30min) << name;
  }
}

}  // namespace
}  // namespace carbon::replay

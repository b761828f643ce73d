// SPDX-License-Identifier: Apache-2.0
// Prints what the planner saves on recorded weeks beside what no schedule could exceed (tests/bench/lagrangian_bound.h).
// Usage: planner_table capacity|lengths|overload|zones|flat|sites|forecast [ZONE]. Ends with 77 where the recorded data is not at
// hand.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "replay/policy_replay.h"
#include "replay/traces/intensity_csv.h"
#include "scarbon/replay/forecast_ahead.h"
#include "tests/bench/lagrangian_bound.h"

namespace carbon::replay {
namespace {
using namespace std::chrono_literals;

std::filesystem::path data() {
  const char* own = std::getenv("CARBON_SHARED");
  return std::filesystem::path(own != nullptr ? own : CARBON_SHARED) / "data";
}

struct Case {
  Trace trace;
  Setting setting;
};

Case make_case(const std::vector<std::string>& zones, Instant from, std::uint32_t capacity, bool own_forecast = false,
               RuntimeSource runtime = RuntimeSource::kExact) {
  Case c;
  c.trace = read_trace(data() / "jobs/pai_1k.csv", {}).value();
  for (const auto& zone : zones) c.setting.sites.push_back({.name = zone, .zone = zone, .capacity = capacity});
  c.setting.caps = {6h, 24h, 2h};
  c.setting.runtime = runtime;
  c.trace.start_at(from);
  (void)assign_homes(c.trace, c.setting);
  const Instant until = latest_end(c.trace, c.setting);
  std::vector<IntensitySeries> with_past;
  const auto intensity = read_intensity(data() / "intensity/hourly_2022.csv", zones);
  for (const auto& series : *intensity) {
    c.setting.actual.push_back(wrapped(series, from, until));
    with_past.push_back(wrapped(series, from - scarbon::kForecastPast, until));
  }
  if (own_forecast) c.setting.ahead = scarbon::forecast_ahead(std::move(with_past));
  return c;
}

struct Row {
  double saved = 0, bound = 0, mean_wait_h = 0, worst_late_h = 0;
  double grams_saved = 0;
  std::size_t late = 0;
};

Row measure(const Case& c, bool with_bound = true) {
  const Replay replay(c.trace, c.setting);
  const auto report = replay.run("planner");
  const double base = report.summary.carbon.value() / report.normalised;
  Row row{report.saved_percent,
          0,
          seconds(report.summary.mean_wait) / 3600,
          seconds(report.summary.worst_violation) / 3600,
          base - report.summary.carbon.value(),
          report.summary.cap_violations};
  if (with_bound) row.bound = 100 * (1 - lagrangian_bound(c.trace, c.setting, replay.run_now()).value() / base);
  return row;
}

void print(const std::string& name, const Row& row) {
  std::printf("%-40s saved %6.2f %%  bound %6.2f %%  share %5.1f %%  mean wait %5.2f h  late %zu (worst %.2f h)\n", name.c_str(),
              row.saved, row.bound, row.bound > 0 ? 100 * row.saved / row.bound : 0.0, row.mean_wait_h, row.late,
              row.worst_late_h);
  std::fflush(stdout);
}

Instant start_of(int i, int count) { return parse_utc("2022-01-10T00:00Z").value() + i * (350 * 24h / count); }

void capacities() {
  for (const std::uint32_t capacity : {40u, 28u, 22u})
    print("AU-SA, " + std::to_string(capacity) + " cpus",
          measure(make_case({"AU-SA"}, parse_utc("2022-10-19T16:00Z").value(), capacity)));
}

void zones() {
  for (const std::string zone : {"US-CAL-CISO", "DE", "GB"}) {
    for (int i = 0; i < 6; ++i) {
      const Instant from = start_of(i, 6);
      print(zone + " from " + format_utc(from), measure(make_case({zone}, from, 28)));
    }
  }
}

// Grids that hardly change from hour to hour.
void flat() {
  for (const std::string zone : {"KR", "ZA", "US-MIDA-PJM"}) {
    for (int i = 0; i < 4; ++i) {
      const Instant from = start_of(i, 4);
      print(zone + " from " + format_utc(from), measure(make_case({zone}, from, 28)));
    }
  }
}

void sites() {
  const std::vector<std::vector<std::string>> sets{
      {"DE", "FR", "PL"}, {"AU-SA", "AU-NSW"}, {"US-CAL-CISO", "US-TEX-ERCO", "US-NY-NYIS", "CA-ON", "GB"}};
  for (const auto& set : sets) {
    std::string name;
    for (const auto& zone : set) name += (name.empty() ? "" : " ") + zone;
    print(name, measure(make_case(set, parse_utc("2022-10-19T16:00Z").value(), 28)));
  }
}

void lengths() {
  for (const std::uint32_t capacity : {kUnlimited, 40u, 28u, 22u})
    print(
        "AU-SA, class means, " + (capacity == kUnlimited ? "unlimited" : std::to_string(capacity) + " cpus"),
        measure(make_case({"AU-SA"}, parse_utc("2022-10-19T16:00Z").value(), capacity, false, RuntimeSource::kClassMean), false));
}

// Less capacity than the week's mean demand of 19 cpus, or hardly more.
void overload() {
  for (const std::uint32_t capacity : {20u, 18u, 16u, 12u})
    print("AU-SA, " + std::to_string(capacity) + " cpus",
          measure(make_case({"AU-SA"}, parse_utc("2022-10-19T16:00Z").value(), capacity), false));
}

// Without a limit of capacity jobs do not meet each other: what is lost there, the forecast lost.
void forecasts_at(const std::string& zone, std::uint32_t capacity) {
  double perfect = 0, own = 0, worst = 0;
  std::size_t late = 0;
  for (int i = 0; i < 12; ++i) {
    const Instant from = start_of(i, 12);
    perfect += measure(make_case({zone}, from, capacity), false).grams_saved;
    const Row row = measure(make_case({zone}, from, capacity, true), false);
    own += row.grams_saved;
    late += row.late;
    worst = std::max(worst, row.worst_late_h);
  }
  std::printf("%-12s %-9s own forecast keeps %5.1f %% of what perfect knowledge saves; late %zu of 12000 (worst %.2f h)\n",
              zone.c_str(), capacity == kUnlimited ? "unlimited" : (std::to_string(capacity) + " cpus").c_str(),
              100 * own / perfect, late, worst);
  std::fflush(stdout);
}

void forecasts(const std::string& only) {
  for (const std::string zone : {"AU-SA", "US-CAL-CISO", "DE", "GB"}) {
    if (!only.empty() && only != zone) continue;
    for (const std::uint32_t capacity : {28u, kUnlimited}) forecasts_at(zone, capacity);
  }
}

}  // namespace
}  // namespace carbon::replay

int main(int argc, char** argv) {
  using namespace carbon::replay;
  if (!std::filesystem::exists(data())) {
    std::printf("%s is absent: the recorded traces are not part of the project\n", data().c_str());
    return 77;
  }
  const std::string what = argc > 1 ? argv[1] : "capacity";
  if (what == "capacity")
    capacities();
  else if (what == "zones")
    zones();
  else if (what == "sites")
    sites();
  else if (what == "forecast")
    forecasts(argc > 2 ? argv[2] : "");
  else if (what == "flat")
    flat();
  else if (what == "lengths")
    lengths();
  else if (what == "overload")
    overload();
  else
    return std::fprintf(stderr, "usage: planner_table capacity|lengths|overload|zones|flat|sites|forecast [ZONE]\n"), 2;
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Prints the errors of our own forecast on a year of recorded intensity, compared with persistence (the same hour of the day
// before): issued daily at 00:00 UTC for the next 24 hours, and hourly for the next 48; from the past alone, from 29 January on.
// Usage: forecast_table [--csv FILE]. Exit status 1 if the daily forecast is too poor (Tally::good), 77 if there is no file.
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "core/csv_reader.h"
#include "core/time.h"
#include "forecast/own_forecast.h"
#include "grid_feeds/parse/csv_rows.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr std::array kLastLeads{1, 3, 6, 12, 24, 36, 48};  // of the groups of hourly forecasts
constexpr std::size_t kHours = 48;

struct Errors {
  double share = 0, absolute = 0, level = 0;  // sums of |error|/value, |error|, value
  int count = 0;

  void add(double forecast, double value) {
    share += std::abs(forecast - value) / value;
    absolute += std::abs(forecast - value);
    level += value;
    ++count;
  }
  double mape() const { return share / count; }
  double wmape() const { return absolute / level; }
};

struct Score {
  Errors own, yesterday;
  int in_band = 0, with_band = 0;

  double mape_ratio() const { return own.mape() / yesterday.mape(); }
  double wmape_ratio() const { return own.wmape() / yesterday.wmape(); }
};

struct ZoneScore {
  Score year, second_half;                      // issued at 00:00, 24 hours
  std::array<Score, kLastLeads.size()> hourly;  // issued each hour, by lead
};

void add(Score& score, const SeriesView& view, const forecast::OwnForecast& forecast, std::size_t i, Instant issued) {
  const auto& point = forecast.points[i];
  const double actual = view.at(point.when.start)->value();
  Instant before = point.when.start - 24h;  // the last known hour at that time of day
  while (before >= issued) before -= 24h;
  score.own.add(point.value.value(), actual);
  score.yesterday.add(view.at(before)->value(), actual);
  if (i >= forecast.bands.size()) return;
  ++score.with_band;
  score.in_band += forecast.bands[i].p10.value() <= actual && actual <= forecast.bands[i].p90.value();
}

ZoneScore score(const SeriesView& view) {
  const Instant middle = parse_utc("2022-07-01").value();
  ZoneScore zone;
  forecast::OwnForecaster own;
  for (Instant issued = view.start() + 24h * 28; issued + 24h <= view.end(); issued += 1h) {
    own.learn(view, issued);
    const auto forecast = own.forecast(issued, kHours);
    if (!forecast) continue;
    const bool midnight = (issued - view.start()) % 24h == 0h;
    for (std::size_t i = 0; i < kHours && forecast->points[i].when.end <= view.end(); ++i) {
      std::size_t group = 0;
      while (static_cast<int>(i) >= kLastLeads[group]) ++group;
      add(zone.hourly[group], view, *forecast, i, issued);
      if (!midnight || i >= 24) continue;
      add(zone.year, view, *forecast, i, issued);
      if (issued >= middle) add(zone.second_half, view, *forecast, i, issued);
    }
  }
  return zone;
}

IntensitySeries series_of(const std::vector<CsvRow>& rows) {
  std::vector<IntensityPoint> points;
  for (const auto& row : rows) {
    if (row.value) points.push_back({{row.start, row.start + 1h}, GramsPerKwh(*row.value), Origin::kActual});
  }
  return IntensitySeries::make({}, std::move(points)).value();
}

struct Tally {
  int zones = 0, better = 0, tenth_better = 0;
  double sum = 0;

  void add(double ratio) {
    ++zones;
    better += ratio < 1.0;
    tenth_better += ratio <= 0.9;
    sum += ratio;
  }
  bool good() const { return better == zones && tenth_better * 30 >= 26 * zones && sum <= 0.80 * zones; }
  void print(const char* name) const {
    std::printf("%-32s mean ratio %.3f, better in %d of %d zones, by a tenth or more in %d\n", name, sum / zones, better, zones,
                tenth_better);
  }
};

// Means over the zones of the forecasts issued each hour.
struct ByLead {
  double mape = 0, wmape = 0, mape_ratio = 0, wmape_ratio = 0, in_band = 0;
  int zones = 0;

  void add(const Score& score) {
    mape += score.own.mape(), wmape += score.own.wmape();
    mape_ratio += score.mape_ratio(), wmape_ratio += score.wmape_ratio();
    in_band += static_cast<double>(score.in_band) / std::max(score.with_band, 1);
    ++zones;
  }
  void print(int first, int last) const {
    std::printf("%3d - %2d h %9.2f%% %9.2f%% %11.3f %11.3f %14.0f%%\n", first, last, 100 * mape / zones, 100 * wmape / zones,
                mape_ratio / zones, wmape_ratio / zones, 100 * in_band / zones);
  }
};

int run(const std::filesystem::path& file) {
  std::stringstream content;
  content << std::ifstream(file).rdbuf();
  const std::string text = content.str();
  CsvReader csv(text);
  if (const auto read = csv.read_header(); !read)
    return std::fprintf(stderr, "%s: %s\n", file.c_str(), read.error().message.c_str()), 2;
  std::printf("Issued each day at 00:00 UTC for 24 hours; ratio of errors to as-yesterday's, lower is better\n");
  std::printf("%-14s %10s %10s %8s %8s %10s %10s\n", "zone", "own MAPE", "yest. MAPE", "MAPE", "wMAPE", "MAPE Jul-",
              "wMAPE Jul-");
  Tally mape, wmape, mape_late, wmape_late, mape_but_kr, wmape_but_kr;
  std::array<ByLead, kLastLeads.size()> by_lead;
  for (const auto& zone : csv.header()) {
    if (zone == "datetime") continue;
    const auto rows = read_csv(text, "datetime", zone);
    if (!rows) return std::fprintf(stderr, "%s: %s\n", file.c_str(), rows.error().message.c_str()), 2;
    const auto result = score(series_of(*rows).view());
    const auto& [year, late, hourly] = result;
    const bool repeats = zone == "KR";
    std::printf("%-14s %9.2f%% %9.2f%% %8.3f %8.3f %10.3f %10.3f%s\n", zone.c_str(), 100 * year.own.mape(),
                100 * year.yesterday.mape(), year.mape_ratio(), year.wmape_ratio(), late.mape_ratio(), late.wmape_ratio(),
                repeats ? "  (half of the recorded values are repeats)" : "");
    std::fflush(stdout);
    mape.add(year.mape_ratio());
    wmape.add(year.wmape_ratio());
    mape_late.add(late.mape_ratio());
    wmape_late.add(late.wmape_ratio());
    if (!repeats) mape_but_kr.add(year.mape_ratio()), wmape_but_kr.add(year.wmape_ratio());
    for (std::size_t group = 0; group < hourly.size(); ++group) by_lead[group].add(hourly[group]);
  }
  mape.print("MAPE");
  wmape.print("weighted MAPE");
  mape_late.print("MAPE, from July on");
  wmape_late.print("weighted MAPE, from July on");
  mape_but_kr.print("MAPE, without KR");
  wmape_but_kr.print("weighted MAPE, without KR");
  std::printf("\nIssued each hour for 48 hours; means over the zones\n");
  std::printf("%-10s %10s %10s %11s %11s %15s\n", "lead", "own MAPE", "own wMAPE", "MAPE ratio", "wMAPE ratio", "in p10-p90");
  for (std::size_t group = 0; group < by_lead.size(); ++group)
    by_lead[group].print(group == 0 ? 1 : kLastLeads[group - 1] + 1, kLastLeads[group]);
  return mape.good() && wmape.good() ? 0 : 1;
}

}  // namespace
}  // namespace carbon::grid_feeds

int main(int argc, char** argv) {
  std::filesystem::path file = std::filesystem::path(CARBON_SOURCE_DIR).parent_path() / "shared/data/intensity/hourly_2022.csv";
  if (argc == 3 && std::strcmp(argv[1], "--csv") == 0) {
    file = argv[2];
  } else if (argc != 1) {
    return std::fprintf(stderr, "Usage: forecast_table [--csv FILE]\n"), 2;
  }
  if (!std::filesystem::exists(file)) {
    std::printf("skipped: no recorded year of intensity at %s\n", file.c_str());
    return 77;
  }
  return carbon::grid_feeds::run(file);
}

// SPDX-License-Identifier: Apache-2.0
// Prints how the own forecast does against "as yesterday at the same hour" on a year of recorded intensity: issued each day at
// 00:00 UTC for the next 24 hours from the past alone, from 29 January on. Usage: own_forecast_table [hourly.csv]
// Ends with 1 where the forecast is not worth having (the limits stand in main), with 77 where there is no file.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

#include "grid_feeds/csv.h"
#include "grid_feeds/own_forecast.h"
#include "tests/unit/grid_feeds/temp_dir.h"

namespace carbon::feeds {
namespace {
using namespace std::chrono_literals;

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
  double mape_ratio() const { return own.mape() / yesterday.mape(); }
  double wmape_ratio() const { return own.wmape() / yesterday.wmape(); }
};

struct ZoneScore {
  Score year, second_half;
};

ZoneScore score(const SeriesView& view) {
  const Instant first = view.start() + 24h * 28, middle = parse_utc("2022-07-01").value();
  ZoneScore zone;
  for (Instant issued = first; issued + 24h <= view.end(); issued += 24h) {
    for (const auto& point : own_forecast(view, issued, 24).points) {
      const double actual = view.at(point.when.start)->value(), before = view.at(point.when.start - 24h)->value();
      for (Score* s : {&zone.year, issued >= middle ? &zone.second_half : nullptr}) {
        if (s == nullptr) continue;
        s->own.add(point.value.value(), actual);
        s->yesterday.add(before, actual);
      }
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
    std::printf("%-22s mean ratio %.3f, better in %d of %d zones, by a tenth and more in %d\n", name, sum / zones, better, zones,
                tenth_better);
  }
};

int run(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  const std::string header = text.substr(0, text.find_first_of("\r\n"));
  std::printf("Own forecast against as-yesterday, 24 hours from 00:00 UTC on; ratio of errors, lower is better\n");
  std::printf("%-14s %10s %10s %8s %8s %10s %10s\n", "zone", "own MAPE", "yest. MAPE", "MAPE", "wMAPE", "MAPE Jul-",
              "wMAPE Jul-");
  Tally mape, wmape, mape_late, wmape_late, without_repeats;
  for (auto at = header.find(','); at != std::string::npos;) {
    const auto next = header.find(',', at + 1);
    const auto zone = header.substr(at + 1, next == std::string::npos ? next : next - at - 1);
    at = next;
    const auto rows = read_csv(text, "datetime", zone);
    if (!rows) return std::fprintf(stderr, "%s: %s\n", file.c_str(), rows.error().message.c_str()), 2;
    const auto result = score(series_of(*rows).view());
    const auto& [year, late] = result;
    std::printf("%-14s %9.2f%% %9.2f%% %8.3f %8.3f %10.3f %10.3f%s\n", zone.c_str(), 100 * year.own.mape(),
                100 * year.yesterday.mape(), year.mape_ratio(), year.wmape_ratio(), late.mape_ratio(), late.wmape_ratio(),
                zone == "KR" ? "  (half of the recorded values are repeats)" : "");
    if (zone != "KR") without_repeats.add(year.mape_ratio());
    mape.add(year.mape_ratio());
    wmape.add(year.wmape_ratio());
    mape_late.add(late.mape_ratio());
    wmape_late.add(late.wmape_ratio());
  }
  mape.print("MAPE, year");
  wmape.print("weighted MAPE, year");
  mape_late.print("MAPE, July on");
  wmape_late.print("weighted MAPE, July on");
  without_repeats.print("MAPE, year, without KR");
  return mape.good() && wmape.good() ? 0 : 1;
}

}  // namespace
}  // namespace carbon::feeds

int main(int argc, char** argv) {
  const std::filesystem::path file =
      argc > 1 ? argv[1] : std::filesystem::path(CARBON_SOURCE_DIR).parent_path() / "shared/data/intensity/hourly_2022.csv";
  if (!std::filesystem::exists(file)) {
    std::printf("skipped: no recorded year here: %s\n", file.c_str());
    return 77;
  }
  return carbon::feeds::run(file);
}

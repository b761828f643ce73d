// SPDX-License-Identifier: Apache-2.0
// scarbon grid: each site's carbon intensity now, and its greenest window ahead.
#include <fmt/format.h>

#include <memory>

#include "core/series.h"
#include "policies/policy.h"
#include "scarbon/command.h"
#include "scarbon/controller.h"

namespace carbon::scarbon {
namespace {

struct GridOptions {
  std::string window = "1:00:00";
  std::string within = "24:00:00";
  TableStyle style;
};

Result<IntensitySeries> series_of(const nlohmann::json& site) {
  std::vector<IntensityPoint> points;
  for (const auto& p : site.value("points", nlohmann::json::array())) {
    const auto start = time_at(p, "start"), end = time_at(p, "end");
    const auto value = number_at(p, "g_per_kwh");
    if (start && end && value) points.push_back({{*start, *end}, GramsPerKwh(*value), Origin::kForecast});
  }
  return IntensitySeries::make({}, std::move(points));
}

struct Window {
  Instant start;
  double mean;
};

// The window of `length` of least mean intensity that starts within `within` of `from`; none where the series is too short.
std::optional<Window> greenest(const IntensitySeries& series, Instant from, Duration length, Duration within) {
  const std::array<policies::SiteAhead, 1> sites{{{series.view(), 1.0}}};
  JobRequest job;
  job.ready = from;
  job.length = length;
  job.max_delay = within;
  job.power = Watts(1.0);
  const auto best = policies::lowest_window(job, sites);
  const auto window = series.view().integrate(best.start, best.start + length);
  if (window.covered < length) return std::nullopt;
  return Window{best.start, window.mean()->value()};
}

int run_grid(const GridOptions& options, const Session& session) {
  const auto config = session.config();
  if (!config) return complain(config.error().message);
  const auto length = parse_slurm_duration(options.window), within = parse_slurm_duration(options.within);
  if (!length) return complain("--window: " + length.error().message);
  if (!within) return complain("--within: " + within.error().message);
  if (*length <= Duration::zero())
    return complain("--window: '" + options.window + "' is no time; accepted: more than 0 seconds");
  Controller controller(*config);
  const auto answer = controller.get("/v1/grid", {});
  if (!answer) return complain(answer.error().message);

  const auto at = time_at(*answer, "now").value_or(now());
  Table table{
      {"Site", "Zone", "PUE", "Now", "How", "Greenest", "Mean", "Change%", "Provider"}, {-12, -12, 5, 8, 13, 19, 8, 8, -16}, {}};
  std::vector<std::string> problems;
  bool simulated = false;
  for (const auto& site : answer->value("sites", nlohmann::json::array())) {
    const auto series = series_of(site);
    if (!series) return complain(text_at(site, "name") + ": " + series.error().message);
    const auto here = number_at(site, "intensity_now");
    const auto best = greenest(*series, at, *length, *within);
    const auto change = best && here && *here > 0 ? std::optional(best->mean / *here - 1.0) : std::nullopt;
    const bool sim = flag_at(site, "simulated");
    simulated = simulated || sim;
    table.rows.push_back({text_at(site, "name"), text_at(site, "zone"), figure(number_at(site, "pue")), figure(here),
                          text_at(site, "origin_now"), best ? format_local(best->start) : "", best ? figure(best->mean) : "",
                          percent(change), text_at(site, "provider") + (sim ? "(sim)" : "")});
    if (const auto problem = text_at(site, "problem"); !problem.empty())
      problems.push_back(text_at(site, "name") + ": " + problem);
  }
  if (options.style.layout == TableLayout::kPadded && options.style.header) {
    fmt::print("Carbon intensity in gCO2e/kWh; greenest start of a window of {} within {}\n", format_slurm_duration(*length),
               format_slurm_duration(*within));
  }
  fmt::print("{}", print_table(table, options.style));
  for (const auto& problem : problems) fmt::print(stderr, "scarbon: {}\n", problem);
  if (simulated) say_simulated();
  return 0;
}

}  // namespace

Command grid_command(CLI::App& parent, const Session& session) {
  auto options = std::make_shared<GridOptions>();
  auto* app = parent.add_subcommand("grid", "Each site's carbon intensity now, and its greenest window ahead");
  app->add_option("--window", options->window, "length of the window, in Slurm's time syntax")->capture_default_str();
  app->add_option("--within", options->within, "how far ahead it may start")->capture_default_str();
  add_table_options(*app, options->style);
  return {app, [options, &session] { return run_grid(*options, session); }};
}

}  // namespace carbon::scarbon

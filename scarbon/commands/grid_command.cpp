// SPDX-License-Identifier: Apache-2.0
// scarbon grid: each site's carbon intensity and greenest window, the state of its feeds, and the accuracy of forecasts.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "core/series.h"
#include "core/slurm/slurm_time.h"
#include "policies/policy.h"
#include "scarbon/command.h"
#include "scarbon/controller_client.h"
#include "scarbon/reports/grid_views.h"

namespace carbon::scarbon {
namespace {

struct GridOptions {
  std::string window = "1:00:00";
  std::string within = "24:00:00";
  bool plot = false, feeds = false, accuracy = false, json = false;
  TableStyle style;
};

struct Window {
  Instant start;
  double mean;
};

// The window of `length` with the lowest mean intensity that starts at most `within` after `from`; none if the series is too
// short.
std::optional<Window> greenest(const IntensitySeries& series, Instant from, Duration length, Duration within) {
  const std::array<core::SiteForecast, 1> sites{{{series.view(), 1.0}}};
  JobRequest job;
  job.ready = from;
  job.runtime = length;
  job.max_delay = within;
  job.power = Watts(1.0);
  const auto best = policies::lowest_window(job, sites);
  const auto window = series.view().integrate(best.start, best.start + length);
  if (window.covered < length) return std::nullopt;
  return Window{best.start, window.mean()->value()};
}

std::string provider_text(const nlohmann::json& site) {
  return text_at(site, "provider") + (flag_at(site, "simulated") ? "(sim)" : "");
}

bool any_simulated(const nlohmann::json& answer) {
  const auto sites = answer.value("sites", nlohmann::json::array());
  return std::any_of(sites.begin(), sites.end(), [](const auto& s) { return flag_at(s, "simulated"); });
}

// Only above a table for people, not for scripts.
void print_title(const TableStyle& style, const std::string& title) {
  if (style.layout == TableLayout::kPadded && style.header) fmt::print("{}\n", title);
}

void print_feed_problems(const nlohmann::json& answer) {
  for (const auto& problem : feed_problems(answer)) fmt::print(stderr, "scarbon: {}\n", problem);
}

int show_accuracy(const GridOptions& options, const nlohmann::json& answer) {
  const auto table = accuracy_table(answer);
  print_title(
      options.style,
      "Forecast errors in gCO2e/kWh by hours ahead, from the log of issued forecasts; 10 % of the actual values were below "
      "P10 times the forecast, 10 % above P90 times");
  fmt::print("{}", print_table(table, options.style));
  if (table.rows.empty())
    fmt::print(stderr, "scarbon: no forecast can be scored yet: no intensity was measured after one was issued\n");
  return 0;
}

int show_sites(const GridOptions& options, const nlohmann::json& answer, Duration length, Duration within) {
  const auto at = time_at(answer, "now").value_or(now());
  Table table{
      {"Site", "Zone", "PUE", "Now", "How", "Greenest", "Mean", "Change%", "Provider"}, {-12, -12, 5, 8, 13, 19, 8, 8, -16}, {}};
  std::string plots;
  for (const auto& site : answer.value("sites", nlohmann::json::array())) {
    const auto ahead = ahead_of(site);
    if (!ahead) return print_error(ahead.error().message);
    const auto here = number_at(site, "intensity_now");
    const auto best = greenest(ahead->series, at, length, within);
    const auto change = best && here && *here > 0 ? std::optional(best->mean / *here - 1.0) : std::nullopt;
    table.rows.push_back({text_at(site, "name"), text_at(site, "zone"), figure(number_at(site, "pue")), figure(here),
                          text_at(site, "origin_now"), best ? format_local(best->start) : "", best ? figure(best->mean) : "",
                          percent(change), provider_text(site)});
    if (!options.plot) continue;
    auto plot = plot_ahead(ahead->series, at, within);
    if (best) plot.greenest = Interval{best->start, best->start + length};
    plot.terminal = isatty(STDOUT_FILENO) == 1;
    plots += fmt::format("\n{} ({}, {}), gCO2e/kWh, 10-90 % band if known, * greenest window\n{}", text_at(site, "name"),
                         text_at(site, "zone"), provider_text(site), plot_site(*ahead, plot));
  }
  print_title(options.style, fmt::format("Carbon intensity in gCO2e/kWh; greenest window of {} that starts within {}",
                                         format_slurm_duration(length), format_slurm_duration(within)));
  fmt::print("{}{}", print_table(table, options.style), plots);
  print_feed_problems(answer);
  return 0;
}

int run_grid(const GridOptions& options, const Session& session) {
  const auto config = session.config();
  if (!config) return print_error(config.error().message);
  const auto length = parse_slurm_duration(options.window), within = parse_slurm_duration(options.within);
  if (!length) return print_error("--window: " + length.error().message);
  if (!within) return print_error("--within: " + within.error().message);
  for (const auto& [name, text, value] :
       {std::tuple("--window", options.window, *length), {"--within", options.within, *within}}) {
    if (value <= Duration::zero())
      return print_error(std::string(name) + ": '" + text + "' is not a positive time; accepted: more than 0 seconds");
  }
  Controller controller(*config);
  const auto answer = controller.get(options.accuracy ? "/v1/grid/accuracy" : "/v1/grid", {});
  if (!answer) return print_error(answer.error().message);
  int code = 0;
  if (options.json) {
    fmt::print("{}\n", answer->dump(2));
  } else if (options.accuracy) {
    code = show_accuracy(options, *answer);
  } else if (options.feeds) {
    fmt::print("{}", print_table(feeds_table(*answer), options.style));
  } else {
    code = show_sites(options, *answer, *length, *within);
  }
  if (any_simulated(*answer)) print_simulated_note();
  return code;
}

}  // namespace

Command grid_command(CLI::App& parent, const Session& session) {
  auto options = std::make_shared<GridOptions>();
  CommandLine app(parent, "grid", "Show each site's carbon intensity and its greenest window");
  app.add_option("--window", options->window, "length of the window, in Slurm's time syntax").show_default();
  app.add_option("--within", options->within, "the latest start of the window, from now").show_default();
  auto plot = app.add_flag("--plot", options->plot, "plot the forecast as bars, with its band if known");
  auto feeds = app.add_flag("--feeds", options->feeds, "state of each feed, and what was rejected or omitted and why");
  app.add_flag("--accuracy", options->accuracy, "error of each provider's forecasts and of our own, by hours ahead")
      .excludes(plot)
      .excludes(feeds);
  feeds.excludes(plot);
  app.add_flag("--json", options->json, "print carbonctld's answer as JSON");
  add_table_options(app, options->style);
  return {app.app(), [options, &session] { return run_grid(*options, session); }};
}

}  // namespace carbon::scarbon

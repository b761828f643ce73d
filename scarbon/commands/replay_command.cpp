// SPDX-License-Identifier: Apache-2.0
// scarbon replay: what a policy would have saved on a recorded job history.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "replay/policy_replay.h"
#include "replay/traces/intensity_csv.h"
#include "scarbon/command.h"
#include "scarbon/replay/forecast_ahead.h"
#include "scarbon/replay/progress.h"
#include "scarbon/replay/replay_options.h"
#include "scarbon/table.h"

namespace carbon::scarbon {
namespace {

struct ReplayOptions {
  std::string jobs;
  std::string job_unit = "s";
  std::string intensity;
  std::vector<std::string> zones;
  std::string sites;
  std::string from;
  std::vector<std::string> policies{"run-now", "lowest-window", "carbon-time"};
  std::string capacity = "unlimited";
  std::string max_wait = "6h,24h@2h";
  std::string length = "exact";
  std::string forecast = "perfect";
  double slowdown_bound = -1;
  bool json = false;
};

// The checked input of a replay.
struct Prepared {
  replay::Trace trace;
  replay::Setting setting;
};

Result<std::vector<replay::SiteModel>> sites_of(const ReplayOptions& options) {
  const auto capacity = parse_capacity(options.capacity);
  if (!capacity) return Error{"--capacity: " + capacity.error().message};
  if (!options.sites.empty() && !options.zones.empty())
    return Error{"--sites and --zone exclude each other: the file of --sites has the zones"};
  if (!options.sites.empty()) return read_sites(options.sites, *capacity);
  if (options.zones.empty()) return Error{"--zone or --sites is required"};
  std::vector<replay::SiteModel> sites;
  for (const auto& zone : options.zones) sites.push_back({.name = zone, .zone = zone, .capacity = *capacity});
  return sites;
}

Result<Prepared> prepare(const ReplayOptions& options) {
  Prepared p;
  auto sites = sites_of(options);
  if (!sites) return sites.error();
  p.setting.sites = std::move(*sites);
  replay::sort_by_name(p.setting.sites);
  const auto caps = parse_wait_caps(options.max_wait);
  if (!caps) return Error{"--max-wait: " + caps.error().message};
  p.setting.caps = *caps;
  const auto length = parse_runtime_source(options.length);
  if (!length) return Error{"--length: " + length.error().message};
  p.setting.runtime = *length;
  if (options.slowdown_bound >= 0) p.setting.slowdown_bound = options.slowdown_bound;

  replay::TraceOptions trace_options{.unit = options.job_unit == "h" ? replay::JobUnit::kHours : replay::JobUnit::kSeconds,
                                     .site_names = {}};
  std::vector<std::string> zones;
  for (const auto& site : p.setting.sites) {
    trace_options.site_names.push_back(site.name);
    zones.push_back(site.zone);
  }
  auto trace = replay::read_trace(options.jobs, trace_options);
  if (!trace) return trace.error();
  p.trace = std::move(*trace);
  const auto intensity = replay::read_intensity(options.intensity, zones);
  if (!intensity) return intensity.error();

  Instant from = p.trace.absolute ? p.trace.jobs.front().arrival : intensity->front().view().start();
  if (!options.from.empty()) {
    const auto parsed = parse_utc(options.from);
    if (!parsed) return Error{"--from: " + parsed.error().message};
    from = *parsed;
  }
  p.trace.start_at(from);
  if (p.setting.runtime == replay::RuntimeSource::kLimit) {
    const auto unknown =
        std::find_if(p.trace.jobs.begin(), p.trace.jobs.end(), [](const auto& job) { return job.limit <= Duration(0); });
    if (unknown != p.trace.jobs.end())
      return Error{"--length limit: job " + std::to_string(unknown->id) + " has no time limit in " + options.jobs};
  }
  if (auto homes = replay::assign_homes(p.trace, p.setting); !homes) return homes.error();
  const Instant until = latest_end(p.trace, p.setting);
  std::vector<IntensitySeries> with_past;
  for (const auto& series : *intensity) {
    p.setting.actual.push_back(replay::wrapped(series, from, until));
    if (options.forecast == "own") with_past.push_back(replay::wrapped(series, from - kForecastPast, until));
  }
  if (options.forecast == "own") p.setting.ahead = forecast_ahead(std::move(with_past));
  return p;
}

double hours(Duration d) { return seconds(d) / 3600; }

nlohmann::json to_json(const replay::PolicyReport& report) {
  const auto& s = report.summary;
  return {{"policy", report.policy},
          {"carbon", s.carbon.value() / 1000},
          {"normalised", report.normalised},
          {"saved_percent", report.saved_percent},
          {"mean_wait_h", hours(s.mean_wait)},
          {"p95_wait_h", hours(s.p95_wait)},
          {"max_wait_h", hours(s.max_wait)},
          {"cap_violations", s.cap_violations},
          {"worst_violation_h", hours(s.worst_violation)},
          {"worst_user_slowdown_growth", s.worst_slowdown_growth},
          {"moved_jobs", s.moved},
          {"makespan_h", hours(s.makespan)},
          {"mean_runtime_error_h", hours(report.mean_runtime_error)},
          {"unknown_job_hours", s.unknown_job_hours},
          {"wall_s", report.wall_s}};
}

std::string print(const std::vector<replay::PolicyReport>& reports) {
  Table table{{"Policy", "Carbon", "Saved%", "MeanWait", "P95Wait", "MaxWait", "Late", "Moved", "Makespan"},
              {-16, 10, 8, 9, 9, 9, 6, 6, 9},
              {}};
  for (const auto& r : reports) {
    const auto& s = r.summary;
    const auto time = [](Duration d) { return fmt::format("{:.2f}h", hours(d)); };
    table.rows.push_back({r.policy, fmt::format("{:.3f}", s.carbon.value() / 1000), fmt::format("{:.2f}", r.saved_percent),
                          time(s.mean_wait), time(s.p95_wait), time(s.max_wait), std::to_string(s.cap_violations),
                          std::to_string(s.moved), time(s.makespan)});
  }
  return print_table(table, {});
}

// What the policies knew of the jobs' run times, and its mean error.
std::string print_runtimes(const replay::Trace& trace, const replay::Setting& setting,
                           const std::vector<replay::PolicyReport>& reports) {
  using replay::RuntimeSource;
  if (setting.runtime == RuntimeSource::kExact || reports.empty()) return "";
  const std::string_view what = setting.runtime == RuntimeSource::kClassMean ? "the mean of the job's class"
                                : setting.runtime == RuntimeSource::kLimit
                                    ? "the time limit"
                                    : "predicted, the mean of the user's last two jobs (Tsafrir, Etsion and Feitelson 2007)";
  Duration sum{0};
  for (const auto& job : trace.jobs) sum += job.runtime;
  std::string errors;
  for (const auto& r : reports) errors += fmt::format("{} {:.2f}h", errors.empty() ? "" : ",", hours(r.mean_runtime_error));
  return fmt::format("Run time known to policies: {}; mean error{}, mean run time {:.2f}h\n", what, errors,
                     hours(sum) / static_cast<double>(trace.jobs.size()));
}

void print_left_out(const replay::Trace& trace, const std::string& file) {
  const auto note = [&file](std::size_t rows, std::string_view which) {
    if (rows > 0) fmt::print(stderr, "scarbon: note: skipped {} rows of {} {}\n", rows, file, which);
  };
  note(trace.skipped, "that never ran or used nothing");
  note(trace.unfinished, "of jobs that have not ended");
  note(trace.repeated, "of runs that it has twice");
  if (!trace.ends_are_known)
    fmt::print(stderr, "scarbon: note: {} has neither State nor End: jobs that still run count by their time so far\n", file);
}

// Short replays show no bar.
replay::EngineOptions progress_bar(const std::string& policy) { return {.progress = Progress(policy, 5000)}; }

int run_replay(const ReplayOptions& options) {
  const auto prepared = prepare(options);
  if (!prepared) return print_error(prepared.error().message);
  const auto& [trace, setting] = *prepared;
  for (const auto& name : options.policies) {
    if (!replay::is_policy(name))
      return print_error("--policy: '" + name + "' is not a policy; accepted: " + replay::policy_names());
  }
  const replay::Replay replay(trace, setting);
  std::vector<replay::PolicyReport> reports;
  for (const auto& name : options.policies) reports.push_back(replay.run(name, progress_bar(name)));
  print_left_out(trace, options.jobs);
  if (!options.json) {
    fmt::print("{} jobs; carbon in kgCO2e at 1 kW per CPU or GPU; savings compared with run-now at the same capacity\n{}{}",
               trace.jobs.size(), print(reports), print_runtimes(trace, setting, reports));
    return 0;
  }
  auto out = nlohmann::json{{"jobs", trace.jobs.size()},
                            {"skipped_rows", trace.skipped},
                            {"unfinished_rows", trace.unfinished},
                            {"repeated_rows", trace.repeated},
                            {"policies", nlohmann::json::array()}};
  for (const auto& report : reports) out["policies"].push_back(to_json(report));
  fmt::print("{}\n", out.dump(2));
  return 0;
}

}  // namespace

Command replay_command(CLI::App& parent) {
  auto options = std::make_shared<ReplayOptions>();
  CommandLine app(parent, "replay", "Compute what a policy would have saved on a recorded job history");
  app.add_option("--jobs", options->jobs, "job trace: CSV (arrival_time,length,cpus|gpus), SWF (.gz too) or a sacct -P dump")
      .type_name("FILE")
      .required();
  app.add_option("--job-unit", options->job_unit, "unit of times in a CSV trace").one_of({"s", "h"}).show_default();
  app.add_option("--intensity", options->intensity, "CSV with a column datetime and one column per zone, in gCO2e/kWh")
      .type_name("FILE")
      .required();
  app.add_option("--zone", options->zones, "grid zone of the site; several zones make several sites").delimiter(',');
  app.add_option("--sites", options->sites, "TOML file of sites: name, zone, capacity, pue, transfer_kwh_per_gb")
      .type_name("FILE");
  app.add_option("--from", options->from,
                 "UTC time at which the trace starts (default: the trace's own, or the start of the intensity)");
  app.add_option("--policy", options->policies, replay::policy_names()).delimiter(',').show_default();
  app.add_option("--capacity", options->capacity, "CPUs or GPUs of a site, or unlimited").show_default();
  app.add_option("--max-wait", options->max_wait, "longest wait: 24h, or 6h,24h@2h (jobs under 2 h: 6 h, others 24 h)")
      .show_default();
  app.add_option("--length", options->length, "what policies know of a job's run time: exact, class-mean, limit, predicted")
      .show_default();
  app.add_option("--forecast", options->forecast, "what policies know of future intensity")
      .one_of({"perfect", "own"})
      .show_default();
  app.add_option("--slowdown-bound", options->slowdown_bound,
                 "how much a user's mean slowdown, (wait + run time) / run time, may grow over run-now (default: no bound)")
      .not_negative();
  app.add_flag("--json", options->json, "print JSON");
  return {app.app(), [options] { return run_replay(*options); }};
}

}  // namespace carbon::scarbon

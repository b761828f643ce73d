// SPDX-License-Identifier: Apache-2.0
// The metrics of carbonctld one by one; docs/monitoring.md lists them. The intensity has the name and the labels of
// grid-intensity-go, so that one dashboard shows both.
#include <algorithm>
#include <array>

#include "carbonctld/api/controller_metrics.h"
#include "core/exposition.h"

namespace carbon::carbonctld {
namespace {

using Type = Exposition::Type;

constexpr std::array<int, 5> kHoursAhead = {1, 3, 6, 12, 24};

double number(std::uint64_t n) { return static_cast<double>(n); }

const IntensityPoint* point_at(const grid_feeds::SiteSeries& s, Instant t) {
  const auto& points = s.series.points();
  const auto it = std::partition_point(points.begin(), points.end(), [t](const auto& p) { return p.when.end <= t; });
  return it != points.end() && it->when.start <= t ? &*it : nullptr;
}

void put_intensity(Exposition& out, const config::Config& config, const MetricsView& v, Signal signal) {
  const bool average = signal == Signal::kAverage;
  out.head(average ? "grid_intensity_carbon_average" : "grid_intensity_carbon_marginal", Type::kGauge,
           std::string(average ? "Average" : "Marginal") + " carbon intensity of the grid of the site (region) now.");
  for (std::size_t s = 0; s < v.grid->size(); ++s) {
    const auto& site = (*v.grid)[s];
    const auto* now = point_at(site, v.now);
    if (site.series.meta().kind.signal != signal || now == nullptr) continue;
    out.sample(now->value.value(), {{"location", config.sites[s].zone},
                                    {"node", v.host},
                                    {"provider", site.series.meta().provider},
                                    {"region", site.site},
                                    {"units", "gCO2e per kWh"},
                                    {"is_estimated", now->origin == Origin::kActual ? "false" : "true"},
                                    {"simulated", site.series.meta().simulated ? "true" : "false"}});
  }
}

void put_grid(Exposition& out, const config::Config& config, const MetricsView& v) {
  put_intensity(out, config, v, Signal::kAverage);
  put_intensity(out, config, v, Signal::kMarginal);
  out.head("carbon_grid_forecast_grams_per_kwh", Type::kGauge, "Forecast carbon intensity of the site's grid, by hours ahead.");
  for (const auto& site : *v.grid) {
    for (const int hours : kHoursAhead) {
      const auto* then = point_at(site, v.now + std::chrono::hours(hours));
      if (then != nullptr)
        out.sample(then->value.value(),
                   {{"site", site.site}, {"hours", std::to_string(hours)}, {"origin", to_string(then->origin)}});
    }
  }
  out.head("carbon_grid_forecast_issued_timestamp_seconds", Type::kGauge,
           "When the provider issued the forecast that is used for the site.");
  for (const auto& site : *v.grid) out.time(site.series.meta().issued, {{"site", site.site}});
  out.head("carbon_grid_forecast_end_timestamp_seconds", Type::kGauge, "Time until which the site's carbon intensity is known.");
  for (const auto& site : *v.grid) {
    if (!site.series.points().empty()) out.time(site.series.points().back().when.end, {{"site", site.site}});
  }
}

template <class Put>
void per_feed(const MetricsView& v, const Put& put) {
  for (std::size_t s = 0; s < v.grid->size(); ++s) {
    const auto& site = (*v.grid)[s];
    for (std::size_t f = 0; f < site.feeds.size(); ++f) put(site.site, site.feeds[f], std::to_string(f + 1), s, f);
  }
}

void put_feeds(Exposition& out, const MetricsView& v) {
  out.head("carbon_feed_up", Type::kGauge, "1 if this entry of the site's fallback chain answers.");
  per_feed(v, [&](const auto& site, const auto& feed, const auto& entry, auto, auto) {
    out.sample(feed.ok, {{"site", site}, {"provider", feed.provider}, {"entry", entry}});
  });
  out.head("carbon_feed_last_good_timestamp_seconds", Type::kGauge,
           "Time of this entry's last accepted answer; absent if there was none.");
  per_feed(v, [&](const auto& site, const auto& feed, const auto& entry, auto, auto) {
    out.time(feed.last_good, {{"site", site}, {"provider", feed.provider}, {"entry", entry}});
  });
  out.head("carbon_feed_failures_total", Type::kCounter, "How often this entry stopped answering since carbonctld started.");
  per_feed(v, [&](const auto& site, const auto& feed, const auto& entry, std::size_t s, std::size_t f) {
    const bool known = s < v.outages.size() && f < v.outages[s].size();
    out.sample(known ? number(v.outages[s][f]) : 0, {{"site", site}, {"provider", feed.provider}, {"entry", entry}});
  });
}

void put_tally(Exposition& out, const std::map<std::string, std::uint64_t>& counts, std::string_view label,
               std::initializer_list<std::string_view> always) {
  auto all = counts;
  for (const auto name : always) all.try_emplace(std::string(name), 0);  // rate() needs a 0 before the first
  for (const auto& [name, count] : all) out.sample(number(count), {{label, name}});
}

void put_ledger(Exposition& out, const MetricsView& v) {
  out.head("carbon_records_total", Type::kCounter,
           "Energy records received since carbonctld started, by result: stored, or known (received before).");
  put_tally(out, v.records, "result", {"stored", "known"});
  out.head("carbon_record_requests_refused_total", Type::kCounter, "Rejected requests with energy records, by reason.");
  put_tally(out, v.refusals, "reason", {"unauthenticated", "forbidden", "malformed", "cluster", "node", "future", "unavailable"});
  const auto& ledger = v.health.ledger;
  const auto gauge = [&out](const char* name, const char* help, double value) { out.one(name, Type::kGauge, help, value); };
  gauge("carbon_ledger_records", "Energy records in the ledger.", static_cast<double>(ledger.records));
  gauge("carbon_ledger_jobs", "Runs of jobs in the ledger.", static_cast<double>(ledger.jobs));
  gauge("carbon_ledger_due_jobs", "Runs of jobs whose emissions have yet to be computed.", static_cast<double>(ledger.due));
  gauge("carbon_ledger_unwritten_summaries", "Summaries that wait to be written into Slurm's accounting.",
        static_cast<double>(ledger.unwritten));
  if (v.ledger_bytes) gauge("carbon_ledger_bytes", "Size of the ledger's file and its write-ahead log.", number(*v.ledger_bytes));
}

// In no other sum, and absent while slurmdbd's jobs have not been compared.
void put_unrecorded(Exposition& out, const std::vector<ledger::ReportRow>& sites) {
  out.head("carbon_site_unrecorded_jobs", Type::kGauge, "Jobs that Slurm's accounting knows and of which no record came.");
  for (const auto& row : sites) {
    if (row.unrecorded) out.sample(static_cast<double>(row.unrecorded->jobs), {{"site", row.key}});
  }
  out.head("carbon_site_unrecorded_gpu_seconds", Type::kGauge, "GPU time of those.");
  for (const auto& row : sites) {
    if (row.unrecorded && row.unrecorded->gpu_ms)
      out.sample(static_cast<double>(*row.unrecorded->gpu_ms) / 1e3, {{"site", row.key}});
  }
}

// All are gauges: a corrected intensity, a revised record or a run that turns out to be of another site lowers them, and a
// counter must not decrease.
void put_sites(Exposition& out, const std::vector<ledger::ReportRow>& sites) {
  const auto per_site = [&](const char* name, Type type, const char* help, const auto& value) {
    out.head(name, type, help);
    for (const auto& row : sites) out.sample(static_cast<double>(value(row.sums)), {{"site", row.key}});
  };
  const auto grams = [](std::int64_t ug) { return static_cast<double>(ug) / 1e6; };
  per_site("carbon_site_jobs", Type::kGauge, "Runs of jobs that ended at the site, since the first record in the ledger.",
           [](const auto& t) { return t.jobs; });
  per_site("carbon_site_energy_joules", Type::kGauge, "Energy of the devices of jobs that ended at the site, without PUE.",
           [](const auto& t) { return static_cast<double>(t.energy_mj) / 1e3; });
  per_site("carbon_site_covered_joules", Type::kGauge,
           "Part of carbon_site_energy_joules at times whose carbon intensity is known.",
           [](const auto& t) { return static_cast<double>(t.covered_mj) / 1e3; });
  per_site("carbon_site_estimated_joules", Type::kGauge, "Part of carbon_site_energy_joules that was estimated, not measured.",
           [](const auto& t) { return static_cast<double>(t.estimated_mj) / 1e3; });
  per_site("carbon_site_estimated_jobs", Type::kGauge, "Jobs whose energy is estimated in part or whole.",
           [](const auto& t) { return t.estimated_jobs; });
  per_site("carbon_site_unmetered_jobs", Type::kGauge, "Jobs without any metered device: their energy is not known.",
           [](const auto& t) { return t.unmetered_jobs; });
  per_site("carbon_site_incomplete_jobs", Type::kGauge,
           "Jobs of which nodes have not sent their record: their energy is too low.",
           [](const auto& t) { return t.incomplete_jobs; });
  per_site("carbon_site_missing_nodes", Type::kGauge, "Nodes of those that have not sent their record.",
           [](const auto& t) { return t.missing_nodes; });
  put_unrecorded(out, sites);
  per_site("carbon_site_co2e_grams", Type::kGauge, "Emissions of jobs that ended at the site, with PUE.",
           [&](const auto& t) { return grams(t.co2e_ug); });
  per_site("carbon_site_compared_jobs", Type::kGauge, "Jobs that slurm-carbon moved and whose saving is known.",
           [](const auto& t) { return t.compared_jobs; });
  per_site("carbon_site_saved_grams", Type::kGauge,
           "Emissions saved by moving the jobs of carbon_site_compared_jobs (docs/ledger.md).",
           [&](const auto& t) { return grams(t.counterfactual_ug - t.compared_ug); });
  per_site("carbon_site_allocated_idle_gpu_seconds", Type::kGauge,
           "GPU time of jobs that ended at the site during which their GPUs were idle.",
           [](const auto& t) { return static_cast<double>(t.allocated_idle_ms) / 1e3; });
}

void put_deferred(Exposition& out, const config::Config& config, const MetricsView& v) {
  std::map<std::string, std::pair<double, double>> of_site;  // jobs, GPUs
  for (const auto& job : v.queue.deferred) {
    of_site[job.site].first += 1;
    of_site[job.site].second += job.gpus;
  }
  const auto per_site = [&](const char* name, const char* help, const auto& value) {
    out.head(name, Type::kGauge, help);
    for (std::size_t s = 0; s < config.sites.size(); ++s)
      out.sample(static_cast<double>(value(s, config.sites[s].name)), {{"site", config.sites[s].name}});
  };
  const auto guarantee = [&](std::size_t s) { return s < v.queue.guarantees.size() ? v.queue.guarantees[s] : GuaranteeStatus{}; };
  per_site("carbon_deferred_jobs", "Deferred jobs that wait for their begin time, by the site they are planned at.",
           [&](auto, const auto& name) { return of_site[name].first; });
  per_site("carbon_deferred_gpus", "GPUs that deferred jobs request, by the site they are planned at.",
           [&](auto, const auto& name) { return of_site[name].second; });
  per_site("carbon_start_guarantees_queued", "Deferred jobs whose begin time has passed and that wait for GPUs.",
           [&](auto s, const auto&) { return guarantee(s).queued; });
  per_site("carbon_start_guarantees_near", "Waiting jobs whose guaranteed latest start is near.",
           [&](auto s, const auto&) { return guarantee(s).near; });
  per_site("carbon_start_guarantees_overdue", "Waiting jobs whose guaranteed latest start has passed.",
           [&](auto s, const auto&) { return guarantee(s).overdue; });
}

void put_replanning(Exposition& out, const MetricsView& v) {
  out.one("carbon_replan_rounds_total", Type::kCounter, "Rounds of re-planning since carbonctld started.",
          number(v.replan.rounds));
  out.head("carbon_replan_last_round_timestamp_seconds", Type::kGauge, "Time of the last round of re-planning.");
  out.time(v.queue.at);
  out.one("carbon_replan_hindered", Type::kGauge, "1 if carbonctld cannot re-plan; its log says why.", !v.queue.problem.empty());
  out.head("carbon_replan_changes_total", Type::kCounter,
           "Deferred jobs whose begin time or site was changed by re-planning, by reason.");
  put_tally(out, v.replan.changes, "reason", {to_string(Reason::kLessCarbon)});
  out.one("carbon_replan_changes_refused_total", Type::kCounter, "Changes of re-planning that Slurm refused.",
          number(v.replan.refused));
  out.one("carbon_replan_interruptions_total", Type::kCounter,
          "Running jobs that were signalled to write a checkpoint and then requeued.", number(v.replan.interruptions));
}

void put_self(Exposition& out, const config::Config& config, const MetricsView& v) {
  out.head("carbon_info", Type::kGauge, "carbonctld's version and its cluster.");
  out.sample(1, {{"version", CARBON_VERSION}, {"cluster", config.cluster}});
  out.head("carbon_snapshot_published_timestamp_seconds", Type::kGauge, "When the snapshot that job_submit reads was written.");
  out.time(v.health.snapshot_published);
  out.one("carbon_snapshot_max_age_seconds", Type::kGauge, "Age of the snapshot above which job_submit changes no job.",
          seconds(config.carbonctld.snapshot_max_age));
  out.head("carbon_slurm_up", Type::kGauge, "1 if Slurm's daemon answers.");
  out.sample(v.health.slurmctld == "ok", {{"daemon", "slurmctld"}});
  out.sample(v.health.slurmdbd == "ok", {{"daemon", "slurmdbd"}});
  out.head("carbon_slurm_helper_restarts_total", Type::kCounter,
           "Child processes for calls into Slurm that ended or hung during a call.");
  for (const auto& [helper, count] : v.helper_losses) out.sample(number(count), {{"helper", helper}});
}

}  // namespace

std::string metrics_text(const config::Config& config, const MetricsView& view) {
  Exposition out;
  put_self(out, config, view);
  if (view.grid) {
    put_grid(out, config, view);
    put_feeds(out, view);
  }
  put_ledger(out, view);
  if (view.sites) put_sites(out, *view.sites);
  put_deferred(out, config, view);
  put_replanning(out, view);
  return out.text();
}

}  // namespace carbon::carbonctld

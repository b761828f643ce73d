// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/api/json_views.h"

#include <algorithm>

#include "carbonctld/api/json_parts.h"
#include "ledger/rows/intensity_kinds.h"

namespace carbon::carbonctld {
namespace {

using ledger::JobRow;
using nlohmann::json;

double kilowatt_hours(std::int64_t mj) { return kwh(Joules(static_cast<double>(mj) / 1000.0)); }
double grams(std::int64_t ug) { return static_cast<double>(ug) / 1e6; }
double seconds_of(std::int64_t ms) { return static_cast<double>(ms) / 1000.0; }

json job_json(const JobRow& r) {
  const bool covered = r.covered_mj > 0;
  return {
      {"job_id", r.key.job_id},
      {"restart", r.key.restart},
      {"cluster", r.key.cluster},
      {"user", r.user},
      {"account", r.account},
      {"partition", r.partition},
      {"site", r.site},
      {"start", format_utc(r.start)},
      {"end", format_utc(r.end)},
      {"submit", maybe(r.details.submit, format_utc)},
      {"elapsed_s", seconds(r.end - r.start)},
      {"energy_kwh", when_known(r.method.has_value(), kilowatt_hours(r.energy_mj))},
      {"co2e_g", when_known(covered, grams(r.co2e_ug))},
      {"avg_intensity_g_per_kwh", when_known(covered, covered ? grams(r.device_ug()) / r.pue / kilowatt_hours(r.covered_mj) : 0)},
      {"method", maybe(r.method, [](auto m) { return to_string(m); })},
      {"coverage", when_known(r.method.has_value(), r.coverage())},
      {"intensity", maybe(r.intensity, [](auto o) { return to_string(o); })},
      {"counterfactual_g", maybe(r.counterfactual_ug, grams)},
      {"saved_g", maybe(r.saved_ug(), grams)},
      {"transfer_g", maybe(r.transfer_ug, grams)},
      {"kind", ledger::kinds_text(r.kinds)},
      {"uncertainty_kwh", kilowatt_hours(r.uncertainty_mj)},
      {"estimated_kwh", kilowatt_hours(r.estimated_mj)},
      {"gpu_kwh", maybe(r.gpu_mj, kilowatt_hours)},
      {"cpu_kwh", maybe(r.cpu_mj, kilowatt_hours)},
      {"allocated_idle_gpu_s", maybe(r.allocated_idle_ms, seconds_of)},
      {"allocated_idle_kwh", maybe(r.allocated_idle_mj, kilowatt_hours)},
      {"gpu_s", seconds_of(r.gpu_ms)},
      {"name", r.details.name},
      {"state", r.details.state},
      {"qos", r.details.qos},
      {"wckey", r.details.wckey},
      {"comment", r.details.comment},
      {"array", r.details.array ? json::array({r.details.array->first, r.details.array->second}) : json()},
      {"provider", r.provider},
      {"pue", r.pue},
      {"simulated", r.simulated},
      {"nodes", r.nodes},
      {"nodes_expected", r.nodes_expected},
      {"complete", r.complete},
      {"restated", r.restated},
      {"mode", r.details.mode},
      {"home", r.home_site.empty() ? r.details.home : r.home_site},
      {"note", r.note}};
}

json sums_json(const ledger::ReportRow& row) {
  const auto& t = row.sums;
  const auto& unrecorded = row.unrecorded;
  const bool compared = t.compared_jobs > 0, idle_known = t.idle_known_gpu_ms > 0 || t.gpu_ms == 0;
  const bool metered = t.unmetered_jobs < t.jobs || t.jobs == 0;
  return {{"jobs", t.jobs},
          {"elapsed_s", seconds_of(t.elapsed_ms)},
          {"energy_kwh", when_known(metered, kilowatt_hours(t.energy_mj))},
          {"co2e_g", when_known(metered && (t.covered_mj > 0 || t.energy_mj == 0), grams(t.co2e_ug))},
          {"coverage",
           when_known(metered, t.energy_mj == 0 ? 1.0 : static_cast<double>(t.covered_mj) / static_cast<double>(t.energy_mj))},
          {"counterfactual_g", when_known(compared, grams(t.counterfactual_ug))},
          {"saved_g", when_known(compared, grams(t.counterfactual_ug - t.compared_ug))},
          {"saved_jobs", t.compared_jobs},
          {"allocated_idle_gpu_s", when_known(idle_known, seconds_of(t.allocated_idle_ms))},
          {"idle_known_gpu_s", seconds_of(t.idle_known_gpu_ms)},
          {"gpu_s", seconds_of(t.gpu_ms)},
          {"estimated_jobs", t.estimated_jobs},
          {"estimated_kwh", kilowatt_hours(t.estimated_mj)},
          {"unmetered_jobs", t.unmetered_jobs},
          {"incomplete_jobs", t.incomplete_jobs},
          {"missing_nodes", t.missing_nodes},
          {"unrecorded_jobs", maybe(unrecorded, [](const auto& u) { return u.jobs; })},
          {"unrecorded_gpu_s", maybe(unrecorded ? unrecorded->gpu_ms : std::nullopt, seconds_of)},
          {"simulated", t.simulated_jobs > 0}};
}

std::string problem_of(const grid_feeds::SiteSeries& s) {
  std::string out;
  for (const auto& f : s.feeds) {
    if (!f.ok) out += (out.empty() ? "" : "; ") + f.provider + ": " + f.cause;
  }
  return out;
}

template <class Element>
json list_of(const std::vector<Element>& elements, json (*one)(const Element&)) {
  json list = json::array();
  for (const auto& e : elements) list.push_back(one(e));
  return list;
}

json feed_json(const grid_feeds::FeedStatus& f) {
  const bool ever = f.last_good > Instant{};
  return {{"provider", f.provider},
          {"ok", f.ok},
          {"since", format_utc(f.since)},
          {"last_good", ever ? json(format_utc(f.last_good)) : json()},
          {"problem", f.ok ? "" : f.cause},
          {"left_out", f.left_out},
          {"note", f.note}};
}

json horizon_json(const forecast::HorizonError& h) {
  return {{"from_s", seconds(h.from)},        {"to_s", seconds(h.to)}, {"count", h.count}, {"mae_g_per_kwh", h.mean_abs.value()},
          {"bias_g_per_kwh", h.bias.value()}, {"mape", h.mape},        {"low", h.low},     {"high", h.high}};
}

json maker_json(const forecast::FeedAccuracy& a) {
  return {{"provider", a.provider}, {"origin", to_string(a.origin)}, {"horizons", list_of(a.horizons, horizon_json)}};
}

json series_json(Instant now, Instant since, const grid_feeds::SiteSeries& s) {
  const auto& points = s.series.points();
  const auto at = [&points](Instant t) {
    return std::partition_point(points.begin(), points.end(), [t](const auto& p) { return p.when.end <= t; });
  };
  const auto first = at(since), present = at(now);
  json list = json::array();
  for (auto p = first; p != points.end(); ++p) {
    json point = {{"start", format_utc(p->when.start)},
                  {"end", format_utc(p->when.end)},
                  {"g_per_kwh", p->value.value()},
                  {"origin", to_string(p->origin)}};
    if (p->band) {
      point["low"] = p->band->p10.value();
      point["high"] = p->band->p90.value();
    }
    list.push_back(std::move(point));
  }
  const bool known = present != points.end() && present->when.start <= now;
  const auto& meta = s.series.meta();
  return {{"provider", meta.provider},
          {"origin", to_string(s.origin)},
          {"simulated", meta.simulated},
          {"kind",
           {{"signal", to_string(meta.kind.signal)},
            {"emissions", to_string(meta.kind.emissions)},
            {"boundary", to_string(meta.kind.boundary)}}},
          {"issued", format_utc(meta.issued)},
          {"intensity_now", known ? json(present->value.value()) : json()},
          {"origin_now", known ? json(to_string(present->origin)) : json()},
          {"problem", problem_of(s)},
          {"feeds", list_of(s.feeds, feed_json)},
          {"points", std::move(list)}};
}

}  // namespace

std::string jobs_json(std::span<const JobRow> rows, bool truncated) {
  json list = json::array();
  for (const auto& r : rows) list.push_back(job_json(r));
  return text_of({{"jobs", std::move(list)}, {"truncated", truncated}});
}

std::string report_json(const std::string& by, Interval when, std::span<const ledger::ReportRow> rows, bool then_by,
                        const std::optional<Interval>& compared) {
  json list = json::array();
  ledger::ReportRow total;
  if (compared && compared->start < when.end && when.start < compared->end) total.unrecorded.emplace();
  for (const auto& r : rows) {
    auto row = sums_json(r);
    row["key"] = r.key;
    if (then_by) row["then_by"] = r.then_key;
    list.push_back(std::move(row));
    total += r;
  }
  return text_of({{"by", by},
                  {"start", format_utc(when.start)},
                  {"end", format_utc(when.end)},
                  {"rows", std::move(list)},
                  {"total", sums_json(total)},
                  {"jobs_count_by", "end"},
                  {"unrecorded_from", maybe(compared, [](const auto& c) { return format_utc(c.start); })},
                  {"unrecorded_until", maybe(compared, [](const auto& c) { return format_utc(c.end); })}});
}

std::string energy_json(const std::string& by, Interval when, std::span<const SiteEnergyRow> rows) {
  json list = json::array();
  for (const auto& [key, e] : rows) {
    const bool covered = e.idle_covered_mj > 0 || e.idle_mj == 0;
    list.push_back(
        {{"key", key},
         {"site", e.site},
         {"device_kwh", kilowatt_hours(e.device_mj)},
         {"jobs_kwh", kilowatt_hours(e.jobs_mj)},
         {"idle_kwh", kilowatt_hours(e.idle_mj)},
         {"other_kwh", kilowatt_hours(e.other_mj())},
         {"idle_co2e_g", when_known(covered, grams(e.idle_ug))},
         {"idle_coverage", e.idle_mj == 0 ? 1.0 : static_cast<double>(e.idle_covered_mj) / static_cast<double>(e.idle_mj)}});
  }
  return text_of({{"by", by}, {"start", format_utc(when.start)}, {"end", format_utc(when.end)}, {"rows", std::move(list)}});
}

std::string budgets_json(std::span<const BudgetState> states, Instant now) {
  json list = json::array();
  for (const auto& s : states) {
    const double used = grams(s.used.sums.co2e_ug);
    auto row = sums_json(s.used);
    row.update({{"account", s.account},
                {"period", s.period},
                {"name", s.name},
                {"start", format_utc(s.when.start)},
                {"end", format_utc(s.when.end)},
                {"budget_g", s.limit_g},
                {"used_g", used},
                {"left_g", s.limit_g - used},
                {"used_share", used / s.limit_g},
                {"warn_at", s.warn_at},
                {"warning", used >= s.limit_g               ? "spent"
                            : used >= s.warn_at * s.limit_g ? "nearly spent"
                                                            : ""}});
    list.push_back(std::move(row));
  }
  return text_of({{"now", format_utc(now)}, {"budgets", std::move(list)}});
}

std::string intensity_json(std::span<const SiteDays> sites) {
  json list = json::array();
  for (const auto& s : sites) {
    json days = json::array();
    for (const auto& d : s.days) {
      days.push_back({{"day", d.name},
                      {"mean_g_per_kwh", maybe(d.mean_g_per_kwh, [](double v) { return v; })},
                      {"coverage", d.coverage},
                      {"simulated", d.simulated}});
    }
    list.push_back({{"name", s.site}, {"days", std::move(days)}});
  }
  return text_of({{"sites", std::move(list)}});
}

std::string grid_json(Instant now, Instant since, std::span<const Site> sites, std::span<const grid_feeds::SiteSeries> series) {
  json list = json::array();
  for (std::size_t i = 0; i < sites.size(); ++i) {
    json site = {
        {"name", sites[i].name}, {"zone", sites[i].zone}, {"pue", sites[i].pue_at(now)}, {"partitions", sites[i].partitions}};
    if (i < series.size()) {
      site.update(series_json(now, since, series[i]));
    } else {
      site.update({{"problem", "the feeds have not been polled yet"},
                   {"intensity_now", nullptr},
                   {"feeds", json::array()},
                   {"points", json::array()}});
    }
    list.push_back(std::move(site));
  }
  return text_of({{"now", format_utc(now)}, {"sites", std::move(list)}});
}

std::string accuracy_json(std::span<const Site> sites, std::span<const grid_feeds::SiteSeries> series) {
  json list = json::array();
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const bool known = i < series.size();
    list.push_back({{"name", sites[i].name},
                    {"zone", sites[i].zone},
                    {"simulated", known && series[i].series.meta().simulated},
                    {"makers", known ? list_of(series[i].accuracy, maker_json) : json::array()}});
  }
  return text_of({{"sites", std::move(list)}});
}

std::string put_json(const ledger::PutOutcome& outcome) {
  return text_of({{"stored", outcome.stored}, {"known", outcome.known}});
}

std::string health_json(const Health& h, Instant now) {
  const bool published = h.snapshot_published > Instant{};
  return text_of({{"status", published && h.slurmctld == "ok" && h.slurmdbd == "ok" ? "ok" : "degraded"},
                  {"version", CARBON_VERSION},
                  {"leads", h.leads},
                  {"now", format_utc(now)},
                  {"ledger",
                   {{"records", h.ledger.records},
                    {"jobs", h.ledger.jobs},
                    {"unaccounted", h.ledger.due},
                    {"unwritten", h.ledger.unwritten}}},
                  {"snapshot", {{"published", published ? json(format_utc(h.snapshot_published)) : json()}}},
                  {"slurm", {{"slurmctld", h.slurmctld}, {"slurmdbd", h.slurmdbd}}},
                  {"replan",
                   {{"at", h.planned > Instant{} ? json(format_utc(h.planned)) : json()},
                    {"clusters", h.clusters},
                    {"problem", h.planning}}}});
}

}  // namespace carbon::carbonctld

// SPDX-License-Identifier: Apache-2.0
// GET /v1/jobs/explain: how a job's figures were computed, step by step.
#include "carbonctld/api/json_parts.h"
#include "carbonctld/api/json_views.h"
#include "ledger/rows/intensity_kinds.h"

namespace carbon::carbonctld {
namespace {

using ledger::Saving;
using nlohmann::json;

double kilowatt_hours(double mj) { return kwh(Joules(mj / 1000.0)); }
double grams(std::int64_t ug) { return static_cast<double>(ug) / 1e6; }

const char* name_of(Saving::State state) {
  return state == Saving::State::kKnown ? "known" : state == Saving::State::kNotOurs ? "not ours" : "not known";
}

// Energy above idle at a place: kWh x g/kWh x PUE = g.
json product_json(const ledger::Emission& e, double pue) {
  const double energy = kilowatt_hours(e.covered_mj);
  return {{"energy_kwh", energy},
          {"intensity_g_per_kwh", when_known(energy > 0, energy > 0 ? e.grams.value() / pue / energy : 0)},
          {"pue", pue},
          {"co2e_g", e.grams.value()}};
}

json transfer_json(const ledger::JobRow& row, const ledger::Transfer& t) {
  return {{"data_gb", row.details.data_gb},
          {"kwh_per_gb", maybe(row.transfer_kwh_per_gb, [](double v) { return v; })},
          {"energy_kwh", kwh(t.energy)},
          {"co2e_g", maybe(t.grams, [](auto g) { return g.value(); })}};
}

json saving_json(const ledger::JobRow& row, const Saving& s) {
  const bool known = s.state == Saving::State::kKnown;
  return {{"state", name_of(s.state)},
          {"why", s.why},
          {"left_out_kwh", kilowatt_hours(static_cast<double>(s.at_site.left_out_mj))},
          {"as_it_ran", known ? product_json(s.actual, row.pue) : json()},
          {"without_us", known ? product_json(s.otherwise, row.home_pue.value_or(1)) : json()},
          {"saved_g", when_known(known, grams(s.saved_ug))}};
}

json part_json(const ledger::PartOfRun& p, Duration moved_by) {
  const auto value = [](GramsPerKwh v) { return v.value(); };
  return {{"start", format_utc(p.when.start)},
          {"end", format_utc(p.when.end)},
          {"above_idle_kwh", kilowatt_hours(p.active_mj)},
          {"g_per_kwh", maybe(p.at_site, value)},
          {"without_us_start", format_utc(p.when.start - moved_by)},
          {"without_us_g_per_kwh", maybe(p.at_home, value)}};
}

json run_json(const ledger::Explanation& e) {
  const auto& row = e.row;
  const bool covered = row.covered_mj > 0;
  const double energy = kilowatt_hours(static_cast<double>(row.covered_mj));
  json parts = json::array();
  for (const auto& p : e.parts) parts.push_back(part_json(p, e.saving.moved_by));
  return {{"job_id", row.key.job_id},
          {"restart", row.key.restart},
          {"cluster", row.key.cluster},
          {"user", row.user},
          {"mode", row.details.mode},
          {"site", row.site},
          {"home", row.home_site.empty() ? row.details.home : row.home_site},
          {"submit", maybe(row.details.submit, format_utc)},
          {"planned", maybe(row.details.planned, format_utc)},
          {"start", format_utc(row.start)},
          {"end", format_utc(row.end)},
          {"turn", maybe(row.details.turn, format_utc)},
          {"moved_by_s", seconds(e.saving.moved_by)},
          {"kept_from", maybe(row.details.kept_from, format_utc)},
          {"kept_to", maybe(row.details.kept_to, format_utc)},
          {"energy_kwh", when_known(row.method.has_value(), kilowatt_hours(static_cast<double>(row.energy_mj)))},
          {"method", maybe(row.method, [](auto m) { return to_string(m); })},
          {"covered_kwh", energy},
          {"intensity_g_per_kwh", when_known(covered, covered ? grams(row.device_ug()) / row.pue / energy : 0)},
          {"intensity", maybe(row.intensity, [](auto o) { return to_string(o); })},
          {"kind", ledger::kinds_text(row.kinds)},
          {"provider", row.provider},
          {"pue", when_known(!row.site.empty(), row.pue)},
          {"co2e_g", when_known(covered, grams(row.co2e_ug))},
          {"transfer", e.transfer ? transfer_json(row, *e.transfer) : json()},
          {"saving", saving_json(row, e.saving)},
          {"parts", std::move(parts)},
          {"simulated", row.simulated}};
}

}  // namespace

std::string explanations_json(std::span<const ledger::Explanation> runs) {
  json list = json::array();
  for (const auto& run : runs) list.push_back(run_json(run));
  return text_of({{"runs", std::move(list)}});
}

}  // namespace carbon::carbonctld

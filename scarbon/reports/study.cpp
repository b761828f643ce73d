// SPDX-License-Identifier: Apache-2.0
#include "scarbon/reports/study.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "scarbon/table.h"
#include "scarbon/texts.h"

namespace carbon::scarbon {
namespace {

using nlohmann::json;

std::string joined(const std::set<std::string>& texts) {
  std::string out;
  for (const auto& t : texts) out += (out.empty() ? "" : "+") + t;
  return out;
}

json maybe(const std::optional<double>& value) { return value ? json(*value) : json(); }

void add(std::optional<double>& sum, std::optional<double> value) {
  if (value) sum = sum.value_or(0) + *value;
}

std::optional<double> share(std::optional<double> part, std::optional<double> whole) {
  return part && whole && *whole > 0 ? std::optional(*part / *whole) : std::nullopt;
}

constexpr double kWhole = 0.9995;  // a coverage that is printed as 100 %

bool whole_emission(const Trial& t) { return t.grams && t.complete && t.coverage().value_or(1) >= kWhole; }

void add_to(Study& study, const Trial& t) {
  study.gpu_hours += t.gpu_hours;
  add(study.kwh, t.kwh);
  add(study.facility_kwh, t.facility_kwh);
  add(study.covered_kwh, t.covered_kwh);
  add(study.grams, t.grams);
  add(study.uncertainty_kwh, t.uncertainty_kwh);  // assumes fully correlated errors, so it is never too small
  add(study.estimated_kwh, t.estimated_kwh);
  study.unknown += t.kwh ? 0 : 1;
  study.unrecorded += t.seen ? 0 : 1;
  study.incomplete += t.kwh && !t.complete ? 1 : 0;
  study.uncovered += t.kwh.value_or(0) > 0 && !t.grams ? 1 : 0;
  study.estimated += t.estimated_kwh.value_or(0) > 0 ? 1 : 0;
  study.simulated = study.simulated || t.simulated;
  if (t.start && (study.span.start == Instant{} || *t.start < study.span.start)) study.span.start = *t.start;
  if (t.end) study.span.end = std::max(study.span.end, *t.end);
}

std::vector<Spread> spread_of(const std::vector<Trial>& trials) {
  std::map<std::pair<std::string, std::string>, Spread> by_value;
  for (const auto& t : trials) {
    for (const auto& [setting, value] : t.settings) {
      auto& s = by_value[{setting, value}];
      s.setting = setting;
      s.value = value;
      ++s.trials;
      s.kwh += t.kwh.value_or(0);
      if (!whole_emission(t)) continue;
      ++s.known;
      s.grams += *t.grams;
      s.least_g = std::min(s.least_g.value_or(*t.grams), *t.grams);
      s.most_g = std::max(s.most_g.value_or(*t.grams), *t.grams);
    }
  }
  std::vector<Spread> out;
  for (auto& [key, s] : by_value) {
    if (s.known > 0) s.mean_g = s.grams / static_cast<double>(s.known);
    out.push_back(std::move(s));
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return a.setting != b.setting ? a.setting < b.setting : a.mean_g.value_or(-1) > b.mean_g.value_or(-1);
  });
  return out;
}

std::optional<std::size_t> last_completed(const std::vector<Trial>& trials) {
  std::optional<std::size_t> last;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (trials[i].state == "COMPLETED" && trials[i].kwh) last = i;
  }
  return last;
}

json trial_json(const Trial& t) {
  return {{"job", t.id},
          {"name", t.name},
          {"state", t.state},
          {"settings", t.settings},
          {"gpu_hours", t.gpu_hours},
          {"energy_kwh", maybe(t.kwh)},
          {"facility_kwh", maybe(t.facility_kwh)},
          {"co2e_g", maybe(t.grams)},
          {"coverage", maybe(t.coverage())},
          {"estimated_kwh", maybe(t.estimated_kwh)},
          {"seen", t.seen},
          {"complete", t.complete}};
}

}  // namespace

std::optional<double> Trial::coverage() const { return share(covered_kwh, facility_kwh); }
std::optional<double> Study::coverage() const { return share(covered_kwh, facility_kwh); }
std::optional<double> Study::mean_intensity() const { return share(grams, covered_kwh); }

Settings settings_in(std::string_view text) {
  constexpr std::string_view kOption = "--param";
  constexpr std::string_view kBlank = " \t\n\"'";
  Settings settings;
  for (auto at = text.find(kOption); at != std::string_view::npos; at = text.find(kOption, at)) {
    const bool begins = at == 0 || kBlank.find(text[at - 1]) != std::string_view::npos;
    at += kOption.size();
    if (!begins || at >= text.size() || (text[at] != '=' && kBlank.find(text[at]) == std::string_view::npos)) continue;
    const auto from = text[at] == '=' ? at + 1 : text.find_first_not_of(kBlank, at);
    if (from == std::string_view::npos) break;
    const auto pair = text.substr(from, text.find_first_of(kBlank, from) - from);
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && equals > 0) settings[std::string(pair.substr(0, equals))] = pair.substr(equals + 1);
  }
  return settings;
}

double facility_kwh(Watts devices, double hours, double pue) { return pue * devices.value() * hours / 1000; }

Costs costs_of(double gpu_hours, std::optional<double> facility, double span_hours, const config::Prices& prices) {
  Costs costs;
  costs.electricity = facility.value_or(0) * prices.electricity_kwh;
  costs.cloud_least = gpu_hours * prices.cloud_gpu_hour_least;
  costs.cloud_most = gpu_hours * prices.cloud_gpu_hour_most;
  if (gpu_hours > 0 && span_hours > 0)
    costs.own_gpus = std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(gpu_hours / span_hours)));
  costs.own_total = static_cast<double>(costs.own_gpus) * prices.own_gpu + costs.electricity;
  return costs;
}

Result<Study> study_of(std::vector<Trial> jobs, const std::string& final_run, const config::Prices& prices) {
  Study study;
  std::vector<Trial> trials;
  for (auto& job : jobs) {
    switch (job.progress) {
      case Trial::Progress::kEnded: trials.push_back(std::move(job)); break;
      case Trial::Progress::kGoesOn: ++study.running; break;
      case Trial::Progress::kNeverBegan: ++study.never_began; break;
    }
  }
  std::stable_sort(trials.begin(), trials.end(), [](const auto& a, const auto& b) {
    return a.start.value_or(Instant::max()) < b.start.value_or(Instant::max());
  });
  study.trials = std::move(trials);
  std::set<std::string> methods, intensities, providers;
  for (const auto& t : study.trials) {
    add_to(study, t);
    methods.insert(t.methods.begin(), t.methods.end());
    intensities.insert(t.intensities.begin(), t.intensities.end());
    providers.insert(t.providers.begin(), t.providers.end());
  }
  study.methods = joined(methods);
  study.intensities = joined(intensities);
  study.providers = joined(providers);
  study.final_run = last_completed(study.trials);
  if (!final_run.empty()) {
    const auto named = std::find_if(study.trials.begin(), study.trials.end(), [&](const auto& t) { return t.id == final_run; });
    if (named == study.trials.end())
      return Error{"--final: job " + final_run + " is not one of the study's " + std::to_string(study.trials.size()) + " jobs"};
    study.final_run = static_cast<std::size_t>(named - study.trials.begin());
  }
  if (study.final_run) {
    const auto& own = study.trials[*study.final_run];
    if (own.complete) study.multiplier = share(study.kwh, own.kwh);
    study.multiplier_is_least = study.unknown + study.incomplete > 0;
  }
  study.spread = spread_of(study.trials);
  const double hours = study.span.end > study.span.start ? seconds(study.span.length()) / 3600 : 0;
  study.costs = costs_of(study.gpu_hours, study.facility_kwh, hours, prices);
  return study;
}

json study_json(const Study& s, const config::Prices& prices) {
  json trials = json::array(), spread = json::array();
  for (const auto& t : s.trials) trials.push_back(trial_json(t));
  for (const auto& p : s.spread) {
    spread.push_back({{"setting", p.setting},
                      {"value", p.value},
                      {"trials", p.trials},
                      {"known", p.known},
                      {"energy_kwh", p.kwh},
                      {"mean_g", maybe(p.mean_g)},
                      {"least_g", maybe(p.least_g)},
                      {"most_g", maybe(p.most_g)}});
  }
  return {{"trials", std::move(trials)},
          {"jobs_not_ended", s.running},
          {"jobs_never_begun", s.never_began},
          {"trials_without_energy", s.unknown},
          {"trials_unrecorded", s.unrecorded},
          {"trials_incomplete", s.incomplete},
          {"trials_without_intensity", s.uncovered},
          {"trials_estimated", s.estimated},
          {"gpu_hours", s.gpu_hours},
          {"energy_kwh", maybe(s.kwh)},
          {"facility_kwh", maybe(s.facility_kwh)},
          {"estimated_kwh", maybe(s.estimated_kwh)},
          {"co2e_g", maybe(s.grams)},
          {"coverage", maybe(s.coverage())},
          {"mean_intensity_g_per_kwh", maybe(s.mean_intensity())},
          {"uncertainty_kwh", maybe(s.uncertainty_kwh)},
          {"final_job", s.final_run ? json(s.trials[*s.final_run].id) : json()},
          {"tuning_multiplier", maybe(s.multiplier)},
          {"tuning_multiplier_is_least", s.multiplier_is_least},
          {"sensitivity", std::move(spread)},
          {"methods", s.methods},
          {"intensity", s.intensities},
          {"providers", s.providers},
          {"simulated", s.simulated},
          {"costs",
           {{"currency", prices.currency},
            {"prices", prices.source},
            {"electricity", s.facility_kwh ? json(s.costs.electricity) : json()},
            {"cloud_least", s.costs.cloud_least},
            {"cloud_most", s.costs.cloud_most},
            {"own_gpus", s.costs.own_gpus},
            {"own_total", s.costs.own_total}}}};
}

std::vector<std::string> study_gaps(const Study& s) {
  std::vector<std::string> gaps;
  if (s.unknown > 0)
    gaps.push_back(trf("The energy of {} jobs is not known (of {} of them no record came); they are not in these sums.",
                       s.unknown, s.unrecorded));
  if (s.incomplete > 0)
    gaps.push_back(
        trf("Records of {} jobs are missing in part; their energy and emission are higher than stated.", s.incomplete));
  if (s.uncovered > 0)
    gaps.push_back(
        trf("The carbon intensity of {} jobs is not known; their energy is in the sum, but no emission.", s.uncovered));
  if (s.estimated > 0)
    gaps.push_back(trf("{} kWh of {} jobs are estimated, not measured.", figure(s.estimated_kwh), s.estimated));
  if (s.running > 0) gaps.push_back(trf("{} jobs still wait or run; they are not in these figures.", s.running));
  if (s.never_began > 0) gaps.push_back(trf("{} jobs never began; they are no trials.", s.never_began));
  return gaps;
}

std::string study_paragraph(const Study& s) {
  const auto day = [](Instant t) { return format_utc(t).substr(0, 10); };
  std::string text = trf("Between {} and {} we ran {} jobs with {} GPU-hours.", day(s.span.start), day(s.span.end),
                         s.trials.size(), figure(s.gpu_hours));
  if (s.kwh) {
    text +=
        ' ' + trf("Their devices drew {} kWh (95 % interval: +-{} kWh), {} kWh with the power usage effectiveness of the site "
                  "(PUE {}).",
                  figure(s.kwh), figure(s.uncertainty_kwh), figure(s.facility_kwh), figure(share(s.facility_kwh, s.kwh)));
  }
  if (s.grams) {
    const auto covered = s.coverage().value_or(1);
    text += ' ' +
            (covered >= kWhole
                 ? trf("They emitted {} kg CO2e, at a mean carbon intensity of {} g/kWh.", figure(*s.grams / 1000),
                       figure(s.mean_intensity()))
                 : trf("{} % of that energy, whose carbon intensity is known, emitted {} kg CO2e, at a mean carbon intensity of "
                       "{} g/kWh; the emission of the rest is not known.",
                       percent(covered), figure(*s.grams / 1000), figure(s.mean_intensity())));
  } else {
    text += ' ' + std::string(tr("Their emission is not known."));
  }
  text += ' ' + trf("Energy was obtained per job by slurm-carbon (method: {}); carbon intensities are those of {} ({}).",
                    s.methods.empty() ? tr("not known") : s.methods, s.providers.empty() ? tr("not known") : s.providers,
                    s.intensities.empty() ? tr("not known") : s.intensities);
  if (s.multiplier)
    text += ' ' + (s.multiplier_is_least
                       ? trf("The whole search took at least {} times the energy of the final run.", figure(s.multiplier))
                       : trf("The whole search took {} times the energy of the final run.", figure(s.multiplier)));
  for (const auto& gap : study_gaps(s)) text += ' ' + gap;
  if (s.simulated) text += ' ' + std::string(tr("These figures are based on simulated GPUs or simulated intensities."));
  return text;
}

}  // namespace carbon::scarbon

// SPDX-License-Identifier: Apache-2.0
#include "ledger/job_row.h"

#include <algorithm>

namespace carbon::ledger {

double JobRow::coverage() const {
  return energy_mj == 0 ? 1.0 : static_cast<double>(covered_mj) / static_cast<double>(energy_mj);
}

std::optional<std::int64_t> JobRow::saved_ug() const {
  if (!facts.decided() || !counterfactual_ug || !method || covered_mj < energy_mj) return std::nullopt;
  return *counterfactual_ug - co2e_ug;
}

Totals totals_of(const JobRow& row) {
  Totals t;
  t.jobs = 1;
  t.elapsed_ms = (row.end - row.start).count();
  t.energy_mj = row.energy_mj;
  t.covered_mj = row.covered_mj;
  t.co2e_ug = row.co2e_ug;
  if (row.saved_ug()) {
    t.compared_jobs = 1;
    t.counterfactual_ug = *row.counterfactual_ug;
    t.compared_ug = row.co2e_ug;
  }
  t.held_idle_ms = row.held_idle_ms.value_or(0);
  t.simulated_jobs = row.simulated ? 1 : 0;
  return t;
}

Totals& Totals::operator+=(const Totals& o) {
  jobs += o.jobs;
  elapsed_ms += o.elapsed_ms;
  energy_mj += o.energy_mj;
  covered_mj += o.covered_mj;
  co2e_ug += o.co2e_ug;
  compared_jobs += o.compared_jobs;
  counterfactual_ug += o.counterfactual_ug;
  compared_ug += o.compared_ug;
  held_idle_ms += o.held_idle_ms;
  simulated_jobs += o.simulated_jobs;
  return *this;
}

Totals& Totals::operator-=(const Totals& o) {
  jobs -= o.jobs;
  elapsed_ms -= o.elapsed_ms;
  energy_mj -= o.energy_mj;
  covered_mj -= o.covered_mj;
  co2e_ug -= o.co2e_ug;
  compared_jobs -= o.compared_jobs;
  counterfactual_ug -= o.counterfactual_ug;
  compared_ug -= o.compared_ug;
  held_idle_ms -= o.held_idle_ms;
  simulated_jobs -= o.simulated_jobs;
  return *this;
}

}  // namespace carbon::ledger

namespace soci {
namespace {

using carbon::ledger::JobRow;

long long number(const values& v, const char* name) { return v.get<long long>(name); }

std::optional<std::int64_t> maybe(const values& v, const char* name) {
  if (v.get_indicator(name) == i_null) return std::nullopt;
  return v.get<long long>(name);
}

void set(values& v, const char* name, std::int64_t value) { v.set(name, static_cast<long long>(value)); }

void set(values& v, const char* name, std::optional<std::int64_t> value) {
  v.set(name, static_cast<long long>(value.value_or(0)), value ? i_ok : i_null);
}

template <class Enum>
std::optional<std::int64_t> as_number(std::optional<Enum> value) {
  if (!value) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

}  // namespace

void type_conversion<JobRow>::from_base(const values& v, indicator, JobRow& r) {
  const auto time = [&v](const char* name) { return carbon::from_unix_ms(number(v, name)); };
  r.key = {v.get<std::string>("cluster"), static_cast<std::uint32_t>(number(v, "job_id")),
           static_cast<std::uint32_t>(number(v, "restart_count"))};
  r.uid = static_cast<std::uint32_t>(number(v, "uid"));
  r.user = v.get<std::string>("user_name");
  r.account = v.get<std::string>("account");
  r.partition = v.get<std::string>("part");
  r.site = v.get<std::string>("site");
  r.start = time("start_ms");
  r.end = time("end_ms");
  r.nodes = static_cast<std::uint32_t>(number(v, "nodes"));
  r.nodes_expected = static_cast<std::uint32_t>(number(v, "nodes_expected"));
  r.complete = number(v, "complete") != 0;
  r.simulated = number(v, "simulated") != 0;
  r.note = v.get<std::string>("note");
  r.energy_mj = number(v, "energy_mj");
  r.gpu_mj = maybe(v, "gpu_mj");
  r.cpu_mj = maybe(v, "cpu_mj");
  r.held_idle_ms = maybe(v, "held_idle_ms");
  r.uncertainty_mj = number(v, "uncertainty_mj");
  r.estimated_mj = number(v, "estimated_mj");
  r.method.reset();
  if (const auto m = maybe(v, "method")) r.method = static_cast<carbon::Method>(*m);
  r.pue = v.get<double>("pue");
  r.covered_mj = number(v, "covered_mj");
  r.co2e_ug = number(v, "co2e_ug");
  r.counterfactual_ug = maybe(v, "counterfactual_ug");
  r.intensity.reset();
  if (const auto o = maybe(v, "intensity")) r.intensity = static_cast<carbon::Origin>(*o);
  r.provider = v.get<std::string>("provider");
  r.facts.submit.reset();
  if (const auto s = maybe(v, "submit_ms")) r.facts.submit = carbon::from_unix_ms(*s);
  r.facts.mode = v.get<std::string>("mode");
  r.facts.home = v.get<std::string>("home");
  r.summary = v.get<std::string>("summary");
  r.restated = number(v, "restated") != 0;
}

void type_conversion<JobRow>::to_base(const JobRow& r, values& v, indicator& ind) {
  set(v, "job_id", r.key.job_id);
  set(v, "restart_count", r.key.restart);
  v.set("cluster", r.key.cluster);
  set(v, "uid", r.uid);
  v.set("user_name", r.user);
  v.set("account", r.account);
  v.set("part", r.partition);
  v.set("site", r.site);
  set(v, "start_ms", carbon::unix_ms(r.start));
  set(v, "end_ms", carbon::unix_ms(r.end));
  set(v, "nodes", r.nodes);
  set(v, "nodes_expected", r.nodes_expected);
  set(v, "complete", r.complete ? 1 : 0);
  set(v, "simulated", r.simulated ? 1 : 0);
  v.set("note", r.note);
  set(v, "energy_mj", r.energy_mj);
  set(v, "gpu_mj", r.gpu_mj);
  set(v, "cpu_mj", r.cpu_mj);
  set(v, "held_idle_ms", r.held_idle_ms);
  set(v, "uncertainty_mj", r.uncertainty_mj);
  set(v, "estimated_mj", r.estimated_mj);
  set(v, "method", as_number(r.method));
  v.set("pue", r.pue);
  set(v, "covered_mj", r.covered_mj);
  set(v, "co2e_ug", r.co2e_ug);
  set(v, "counterfactual_ug", r.counterfactual_ug);
  set(v, "intensity", as_number(r.intensity));
  v.set("provider", r.provider);
  set(v, "submit_ms", r.facts.submit ? std::optional<std::int64_t>(carbon::unix_ms(*r.facts.submit)) : std::nullopt);
  v.set("mode", r.facts.mode);
  v.set("home", r.facts.home);
  v.set("summary", r.summary);
  set(v, "restated", r.restated ? 1 : 0);
  ind = i_ok;
}

}  // namespace soci

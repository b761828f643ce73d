// SPDX-License-Identifier: Apache-2.0
#include "scarbon/sacct/job_fields.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "scarbon/controller_client.h"
#include "scarbon/table.h"

namespace carbon::scarbon {
namespace {

using nlohmann::json;

// The sum over the runs that have the value; none if no run has it.
std::optional<double> sum(const JobRuns& runs, const char* key) {
  std::optional<double> total;
  for (const auto& run : runs) {
    if (const auto value = number_at(run, key)) total = total.value_or(0.0) + *value;
  }
  return total;
}

// The sum over the runs; none if one of them does not have the value.
std::optional<double> whole_sum(const JobRuns& runs, const char* key) {
  const bool all = std::all_of(runs.begin(), runs.end(), [key](const json& run) { return number_at(run, key).has_value(); });
  return all ? sum(runs, key) : std::nullopt;
}

double covered_kwh(const json& run) { return number_at(run, "energy_kwh").value_or(0) * number_at(run, "coverage").value_or(1); }

// Over the covered energy, as each run's own mean is.
std::optional<double> mean_intensity(const JobRuns& runs) {
  constexpr const char* kMean = "avg_intensity_g_per_kwh";
  double weighted = 0, weight = 0;
  for (const auto& run : runs) {
    const auto value = number_at(run, kMean);
    if (!value) continue;
    weighted += *value * covered_kwh(run);
    weight += covered_kwh(run);
  }
  if (weight > 0) return weighted / weight;
  return runs.empty() ? std::nullopt : number_at(runs.back(), kMean);
}

// None where no energy is known.
std::optional<double> coverage(const JobRuns& runs) {
  double covered = 0;
  for (const auto& run : runs) covered += covered_kwh(run);
  const auto energy = sum(runs, "energy_kwh");
  if (energy && *energy > 0) return covered / *energy;
  return energy ? number_at(runs.back(), "coverage") : std::nullopt;
}

// "3/4": so many of its nodes have sent their records.
std::string nodes(const JobRuns& runs) {
  const auto sent = whole_sum(runs, "nodes"), expected = whole_sum(runs, "nodes_expected");
  return sent && expected ? fmt::format("{:.0f}/{:.0f}", *sent, *expected) : "";
}

std::string complete(const JobRuns& runs) {
  if (runs.empty()) return "";
  const auto whole = [](const json& run) { return flag_at(run, "complete") && number_at(run, "energy_kwh").has_value(); };
  return std::all_of(runs.begin(), runs.end(), whole) ? "yes" : "no";
}

// The texts of the runs, each once, in order.
std::string texts(const JobRuns& runs, const char* key) {
  std::vector<std::string> seen;
  std::string out;
  for (const auto& run : runs) {
    const auto text = text_at(run, key);
    if (text.empty() || std::find(seen.begin(), seen.end(), text) != seen.end()) continue;
    seen.push_back(text);
    out += (out.empty() ? "" : "+") + text;
  }
  return out;
}

bool any(const JobRuns& runs, const char* key) {
  return std::any_of(runs.begin(), runs.end(), [key](const json& run) { return flag_at(run, key); });
}

std::string method(const JobRuns& runs) {
  const auto how = texts(runs, "method");
  return how.empty() || !any(runs, "simulated") ? how : how + "(sim)";
}

constexpr std::array<JobField, 18> kFields{{
    {"EnergyKWh", 10, "energy of the job's devices, before PUE, in kWh",
     [](const JobRuns& r) { return figure(sum(r, "energy_kwh")); }},
    {"GpuEnergyKWh", 12, "the part of the GPUs, in kWh", [](const JobRuns& r) { return figure(sum(r, "gpu_kwh")); }},
    {"CpuEnergyKWh", 12, "the part of CPUs and memory, in kWh", [](const JobRuns& r) { return figure(sum(r, "cpu_kwh")); }},
    {"IdleGpuKWh", 10, "energy of allocated but idle GPUs, in kWh; partly idle intervals of the profile count in proportion",
     [](const JobRuns& r) { return figure(sum(r, "allocated_idle_kwh")); }},
    {"Co2eG", 10, "emissions with the site's PUE, in gCO2e", [](const JobRuns& r) { return figure(sum(r, "co2e_g")); }},
    {"AvgIntensity", 12, "mean carbon intensity over the energy whose intensity is known, in gCO2e/kWh",
     [](const JobRuns& r) { return figure(mean_intensity(r)); }},
    {"Site", 10, "the site where the job ran", [](const JobRuns& r) { return texts(r, "site"); }},
    {"CounterfactualG", 15,
     "what the job would have emitted had slurm-carbon not moved it, in gCO2e; empty if it was not moved or that is not known",
     [](const JobRuns& r) { return figure(whole_sum(r, "counterfactual_g")); }},
    {"SavedCo2eG", 10, "what moving the job saved: CounterfactualG minus Co2eG; report --explain shows how it was computed",
     [](const JobRuns& r) { return figure(whole_sum(r, "saved_g")); }},
    {"Method", 12, "how the energy was obtained: counter, integrated, estimated; (sim) if simulated", method},
    {"Coverage", 8, "share of the energy whose intensity is known, in %", [](const JobRuns& r) { return percent(coverage(r)); }},
    {"Intensity", 13, "how the intensity was obtained: actual, forecast, own-forecast, yearly-factor",
     [](const JobRuns& r) { return texts(r, "intensity"); }},
    {"Provider", 12, "the source of the intensity", [](const JobRuns& r) { return texts(r, "provider"); }},
    {"Uncertainty", 11, "half-width of the energy's 95 % interval, in kWh",
     [](const JobRuns& r) { return figure(sum(r, "uncertainty_kwh")); }},
    {"EstimatedKWh", 12, "the part of the energy that is estimated and not measured, in kWh",
     [](const JobRuns& r) { return figure(sum(r, "estimated_kwh")); }},
    {"Nodes", 7, "nodes that have sent their record, of those it ran on", nodes},
    {"Complete", 8, "no if a node's record is missing or no device was metered: the energy is then too low or not known",
     complete},
    {"Restated", 8, "yes if a corrected intensity has changed the emissions",
     [](const JobRuns& r) { return std::string(r.empty()            ? ""
                                               : any(r, "restated") ? "yes"
                                                                    : "no"); }},
}};

}  // namespace

const json* run_during(const JobRuns& runs, Interval when) {
  const json* best = nullptr;
  Duration longest = Duration::zero();
  for (const auto& run : runs) {
    const auto start = time_at(run, "start"), end = time_at(run, "end");
    if (!start || !end) continue;
    const auto common = std::min(*end, when.end) - std::max(*start, when.start);
    if (common <= longest) continue;
    longest = common;
    best = &run;
  }
  return best;
}

std::span<const JobField> job_fields() { return kFields; }

const JobField* find_job_field(std::string_view name) {
  for (const auto& field : kFields) {
    if (field.name.size() == name.size() && strncasecmp(field.name.data(), name.data(), name.size()) == 0) return &field;
  }
  return nullptr;
}

}  // namespace carbon::scarbon

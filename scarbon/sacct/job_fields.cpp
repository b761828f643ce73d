// SPDX-License-Identifier: Apache-2.0
#include "scarbon/sacct/job_fields.h"

#include <strings.h>

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

// The mean of `key` over the runs, weighted by their energy, or by the part of it whose intensity is known.
std::optional<double> energy_mean(const JobRuns& runs, const char* key, bool covered = false) {
  double weighted = 0, weight = 0;
  for (const auto& run : runs) {
    const auto value = number_at(run, key), energy = number_at(run, "energy_kwh");
    if (!value || !energy) continue;
    const double part = *energy * (covered ? number_at(run, "coverage").value_or(1) : 1);
    weighted += *value * part;
    weight += part;
  }
  if (weight > 0) return weighted / weight;
  return runs.empty() ? std::nullopt : number_at(runs.back(), key);
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

constexpr std::array<JobField, 15> kFields{{
    {"EnergyKWh", 10, "energy of the job's devices, before PUE, in kWh",
     [](const JobRuns& r) { return figure(sum(r, "energy_kwh")); }},
    {"GpuEnergyKWh", 12, "the part of the GPUs, in kWh", [](const JobRuns& r) { return figure(sum(r, "gpu_kwh")); }},
    {"CpuEnergyKWh", 12, "the part of CPUs and memory, in kWh", [](const JobRuns& r) { return figure(sum(r, "cpu_kwh")); }},
    {"IdleGpuKWh", 10, "energy of allocated but idle GPUs, in kWh; partly idle intervals of the profile count in proportion",
     [](const JobRuns& r) { return figure(sum(r, "allocated_idle_kwh")); }},
    {"Co2eG", 10, "emissions with the site's PUE, in gCO2e", [](const JobRuns& r) { return figure(sum(r, "co2e_g")); }},
    {"AvgIntensity", 12, "mean carbon intensity over the job's energy, as far as it is known, in gCO2e/kWh",
     [](const JobRuns& r) { return figure(energy_mean(r, "avg_intensity_g_per_kwh", true)); }},
    {"Site", 10, "the site where the job ran", [](const JobRuns& r) { return texts(r, "site"); }},
    {"CounterfactualG", 15,
     "what the job would have emitted had slurm-carbon not moved it, in gCO2e; empty if it was not moved or that is not known",
     [](const JobRuns& r) { return figure(sum(r, "counterfactual_g")); }},
    {"SavedCo2eG", 10, "what moving the job saved: CounterfactualG minus Co2eG; report --explain shows how it was computed",
     [](const JobRuns& r) { return figure(sum(r, "saved_g")); }},
    {"Method", 12, "how the energy was obtained: counter, integrated, estimated; (sim) if simulated", method},
    {"Coverage", 8, "share of the energy whose intensity is known, in %",
     [](const JobRuns& r) { return percent(energy_mean(r, "coverage")); }},
    {"Intensity", 13, "how the intensity was obtained: actual, forecast, own-forecast, yearly-factor",
     [](const JobRuns& r) { return texts(r, "intensity"); }},
    {"Provider", 12, "the source of the intensity", [](const JobRuns& r) { return texts(r, "provider"); }},
    {"Uncertainty", 11, "half-width of the energy's 95 % interval, in kWh",
     [](const JobRuns& r) { return figure(sum(r, "uncertainty_kwh")); }},
    {"Restated", 8, "yes if a corrected intensity has changed the emissions",
     [](const JobRuns& r) { return std::string(r.empty()            ? ""
                                               : any(r, "restated") ? "yes"
                                                                    : "no"); }},
}};

}  // namespace

std::span<const JobField> job_fields() { return kFields; }

const JobField* find_job_field(std::string_view name) {
  for (const auto& field : kFields) {
    if (field.name.size() == name.size() && strncasecmp(field.name.data(), name.data(), name.size()) == 0) return &field;
  }
  return nullptr;
}

}  // namespace carbon::scarbon

// SPDX-License-Identifier: Apache-2.0
// A study: jobs that belong together, such as a search for a model's settings. Total energy and emissions, the ratio of the total
// to the final run, emissions by setting, and costs, after Strubell, Ganesh and McCallum 2019. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/time.h"
#include "core/units.h"

namespace carbon::scarbon {

using Settings = std::map<std::string, std::string>;
// Each "--param name=value" (or --param=name=value) in a text, such as a job's comment.
Settings settings_in(std::string_view text);

// One job of the study with all its runs.
struct Trial {
  std::string id, name, state;
  Settings settings;
  std::optional<Instant> start, end;
  enum class Progress : std::uint8_t { kEnded, kGoesOn, kNeverBegan } progress = Progress::kEnded;
  double gpu_hours = 0;
  bool seen = true;                    // a record of it has come
  bool complete = true;                // of all its runs, from all their nodes
  std::optional<double> kwh;           // of the devices
  std::optional<double> facility_kwh;  // with PUE
  std::optional<double> covered_kwh;   // the part of facility_kwh whose carbon intensity is known
  std::optional<double> grams;         // of that part; none if it is zero
  std::optional<double> uncertainty_kwh;
  std::optional<double> estimated_kwh;  // the part of kwh that is not measured
  std::vector<std::string> methods, intensities, providers;
  bool simulated = false;

  std::optional<double> coverage() const;  // share of the energy whose carbon intensity is known
};

// Energy at the building's meter: power of the devices x hours x PUE.
double facility_kwh(Watts devices, double hours, double pue);

struct Costs {
  double electricity = 0;
  double cloud_least = 0, cloud_most = 0;  // of the same GPU time
  std::size_t own_gpus = 0;                // average number that the study used at a time
  double own_total = 0;                    // to buy those, plus the electricity
};
Costs costs_of(double gpu_hours, std::optional<double> facility_kwh, double span_hours, const config::Prices& prices);

struct Spread {
  std::string setting, value;
  std::size_t trials = 0, known = 0;  // known: trials whose whole emission is known
  double kwh = 0, grams = 0;
  std::optional<double> mean_g, least_g, most_g;
};

struct Study {
  std::vector<Trial> trials;    // those that have ended, by start
  std::size_t running = 0;      // jobs that are no trials yet: they wait or run
  std::size_t never_began = 0;  // jobs that are none
  // Trials that are in the sums with less than they took, or not at all.
  std::size_t unknown = 0;     // without known energy
  std::size_t unrecorded = 0;  // of those: of which no record came
  std::size_t incomplete = 0;  // with energy, but records of nodes or runs are missing
  std::size_t uncovered = 0;   // with energy, but without any known carbon intensity
  std::size_t estimated = 0;   // whose energy is estimated in part or whole
  // Sums over what is known; none if nothing is.
  double gpu_hours = 0;
  std::optional<double> kwh, facility_kwh, covered_kwh, grams, uncertainty_kwh, estimated_kwh;  // as in Trial
  std::optional<double> coverage() const;
  std::optional<double> mean_intensity() const;  // grams per covered kWh with PUE
  std::optional<std::size_t> final_run;
  std::optional<double> multiplier;  // energy of all trials / energy of the final run
  bool multiplier_is_least = false;  // the energy of some trials is not wholly known
  Interval span{};
  std::vector<Spread> spread;  // by setting, then by falling mean
  Costs costs;
  std::string methods, intensities, providers;  // the distinct ones, joined by '+'
  bool simulated = false;
};

// `jobs`: in any order. `final_run`: the id of a trial; empty: the last completed trial. Error: no trial has that id.
Result<Study> study_of(std::vector<Trial> jobs, const std::string& final_run, const config::Prices& prices);

nlohmann::json study_json(const Study& study, const config::Prices& prices);
// What is not known of the study, or is in its sums with less than it took: a sentence each.
std::vector<std::string> study_gaps(const Study& study);
// A paragraph for a paper: what was run, how the figures were obtained, and their uncertainty.
std::string study_paragraph(const Study& study);

}  // namespace carbon::scarbon

// SPDX-License-Identifier: Apache-2.0
// A study: jobs that belong together, such as a search for a model's settings. Total energy and emissions, the ratio of the total
// to the final run, emissions by setting, and costs, after Strubell, Ganesh and McCallum 2019. Pure.
#pragma once

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

struct Trial {
  std::string id, name, state;
  Settings settings;
  std::optional<Instant> start, end;
  double gpu_hours = 0;
  std::optional<double> kwh;           // of the devices
  std::optional<double> facility_kwh;  // with PUE
  std::optional<double> grams;
  std::optional<double> uncertainty_kwh;
  std::vector<std::string> methods, intensities, providers;
  bool simulated = false;
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
  std::size_t trials = 0, known = 0;  // known: trials with known emissions
  double kwh = 0, grams = 0;
  std::optional<double> mean_g, least_g, most_g;
};

struct Study {
  std::vector<Trial> trials;  // by start
  std::size_t unknown = 0;    // trials without known energy, not included in sums of energy
  double gpu_hours = 0, kwh = 0, facility_kwh = 0, grams = 0, uncertainty_kwh = 0;
  std::optional<std::size_t> final_run;
  std::optional<double> multiplier;  // energy of all trials / energy of the final run
  Interval span{};
  std::vector<Spread> spread;  // by setting, then by falling mean
  Costs costs;
  std::string methods, intensities, providers;  // the distinct ones, joined by '+'
  bool simulated = false;
};

// `final_run`: the id of a trial; empty: the last completed trial. Error: no trial has that id.
Result<Study> study_of(std::vector<Trial> trials, const std::string& final_run, const config::Prices& prices);

nlohmann::json study_json(const Study& study, const config::Prices& prices);
// A paragraph for a paper: what was run, how the figures were obtained, and their uncertainty.
std::string study_paragraph(const Study& study);

}  // namespace carbon::scarbon

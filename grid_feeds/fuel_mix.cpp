// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/fuel_mix.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace carbon::grid_feeds {
namespace {

constexpr std::string_view kIpcc = "IPCC AR5 WG3 (2014), Annex III, table A.III.2, median";
constexpr std::string_view kIpccEm =
    "IPCC AR5 WG3 (2014) median, rounded by use, as in the defaults of Electricity Maps (b354f28)";
constexpr std::string_view kEm = "defaults of Electricity Maps (b354f28)";

constexpr std::array<FuelFactor, 12> kFactors{{{Fuel::kCoal, "coal", 820, 760, kIpccEm},
                                               {Fuel::kGas, "gas", 490, 370, kIpccEm},
                                               {Fuel::kOil, "oil", 650, 406, kEm},
                                               {Fuel::kBiomass, "biomass", 230, 0, kIpcc},
                                               {Fuel::kNuclear, "nuclear", 12, 0, kIpcc},
                                               {Fuel::kHydro, "hydro", 24, 0, kIpcc},
                                               {Fuel::kWind, "wind", 11, 0, kIpcc},
                                               {Fuel::kSolar, "solar", 45, 0, kIpccEm},
                                               {Fuel::kGeothermal, "geothermal", 38, 0, kIpcc},
                                               {Fuel::kMarine, "marine", 17, 0, kIpcc},
                                               {Fuel::kOther, "other", 700, 575, kEm},
                                               {Fuel::kStorage, "storage", 0, 0, "not counted"}}};

constexpr double kRequiredShare = 0.02;    // of the total: a fuel with more must not be missing
constexpr std::size_t kMaxSteps = 20'000;  // two months of five minutes; bounds time and memory if a time stamp is wrong

}  // namespace

std::span<const FuelFactor> fuel_factors() { return kFactors; }

GramsPerKwh factor_of(Fuel fuel, Emissions emissions) {
  const auto& row = kFactors[static_cast<std::size_t>(fuel)];
  return GramsPerKwh(emissions == Emissions::kLifecycle ? row.lifecycle : row.direct);
}

Fuel FuelMix::fuel_of(std::string_view code) {
  const auto found = std::find_if(codes_.begin(), codes_.end(), [code](const FuelCode& c) { return c.code == code; });
  if (found != codes_.end()) return found->fuel;
  ++unknown_[std::string(code.substr(0, 40))];
  return Fuel::kOther;
}

void FuelMix::add(std::string_view code, Interval when, double megawatts) {
  const Fuel fuel = fuel_of(code);
  if (when.length() > Duration::zero() && std::isfinite(megawatts)) samples_[fuel].push_back({when, megawatts});
}

std::vector<FuelMix::Output> FuelMix::output(std::span<const Fuel> fuels) const {
  Duration step = Duration::max();
  Instant first = Instant::max(), last = Instant::min();
  for (const auto& [fuel, samples] : samples_) {
    for (const auto& sample : samples) {
      step = std::min(step, sample.when.length());
      first = std::min(first, sample.when.start);
      last = std::max(last, sample.when.end);
    }
  }
  if (samples_.empty() || last <= first) return {};
  const auto steps = static_cast<std::size_t>((last - first + step - Duration(1)) / step);
  if (steps > kMaxSteps) return {};

  // Megawatts per step and fuel; none if not given.
  std::map<Fuel, std::vector<std::optional<double>>> rows;
  std::map<Fuel, double> energy;
  double whole = 0;
  for (const auto& [fuel, samples] : samples_) {
    if (fuel == Fuel::kStorage || (!fuels.empty() && std::find(fuels.begin(), fuels.end(), fuel) == fuels.end())) continue;
    auto& row = rows[fuel];
    row.resize(steps);
    for (const auto& sample : samples) {
      const auto from = static_cast<std::size_t>((sample.when.start - first) / step);
      const auto to = std::min(steps, static_cast<std::size_t>((sample.when.end - first + step - Duration(1)) / step));
      for (auto i = from; i < to; ++i) row[i] = row[i].value_or(0.0) + sample.megawatts;
    }
    for (auto& megawatts : row) {
      if (megawatts) energy[fuel] += * megawatts = std::max(*megawatts, 0.0);
    }
    whole += energy[fuel];
  }

  std::vector<Output> out;
  for (std::size_t i = 0; i < steps; ++i) {
    Output sum{{first + step * static_cast<long>(i), first + step * static_cast<long>(i + 1)}, 0, 0};
    bool complete = true;
    for (const auto& [fuel, row] : rows) {
      complete &= row[i].has_value() || energy[fuel] < kRequiredShare * whole;
      sum.megawatts += row[i].value_or(0.0);
      sum.grams_per_hour += row[i].value_or(0.0) * 1000 * factor_of(fuel, emissions_).value();
    }
    if (complete) out.push_back(sum);
  }
  return out;
}

std::vector<IntensityPoint> FuelMix::points() const {
  std::vector<IntensityPoint> points;
  for (const auto& sum : output()) {
    if (sum.megawatts <= 0) continue;
    points.push_back({sum.when, GramsPerKwh(sum.grams_per_hour / (sum.megawatts * 1000)), Origin::kActual});
  }
  return points;
}

std::vector<std::string> FuelMix::notes() const {
  std::vector<std::string> notes;
  for (const auto& [code, count] : unknown_) notes.push_back("fuel '" + code + "' is not known and counts as other (700 g/kWh)");
  return notes;
}

}  // namespace carbon::grid_feeds

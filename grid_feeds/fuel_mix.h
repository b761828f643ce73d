// SPDX-License-Identifier: Apache-2.0
// From generation per fuel to carbon intensity, for providers that publish the mix: sum of output x factor over sum of output.
// What is generated inside the zone is counted (Boundary::kProduction); imports are not.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/series.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {

enum class Fuel : std::uint8_t {
  kCoal,
  kGas,
  kOil,
  kBiomass,
  kNuclear,
  kHydro,
  kWind,
  kSolar,
  kGeothermal,
  kMarine,
  kOther,
  kStorage
};

struct FuelFactor {
  Fuel fuel;
  std::string_view name;
  double lifecycle;  // g/kWh
  double direct;     // g/kWh
  std::string_view source;
};

// One row per fuel, in order of Fuel; storage has none: what comes out of it was generated before.
std::span<const FuelFactor> fuel_factors();
GramsPerKwh factor_of(Fuel fuel, Emissions emissions);

// How a provider writes a fuel.
struct FuelCode {
  std::string_view code;
  Fuel fuel;
};

class FuelMix {
 public:
  FuelMix(std::span<const FuelCode> codes, Emissions emissions) : codes_(codes), emissions_(emissions) {}

  // Mean output over `when`, in megawatts; several entries for one fuel and time add up, so pumping and own use come as negative.
  // A code that is not known counts as kOther, and the notes say so.
  void add(std::string_view code, Interval when, double megawatts);

  // At the finest step that was given. A time for which a fuel of weight (2 % of the whole) is missing is left out: what is not
  // known is not zero. Small negative output (own use at night) counts as none; storage is not counted at all.
  std::vector<IntensityPoint> points() const;
  // The same for total output in megawatts instead of intensity; `fuels` selects, none selects all that count.
  struct Output {
    Interval when;
    double megawatts;
    double grams_per_hour;  // megawatts x factor x 1000
  };
  std::vector<Output> output(std::span<const Fuel> fuels = {}) const;
  std::vector<std::string> notes() const;

 private:
  Fuel fuel_of(std::string_view code);

  std::span<const FuelCode> codes_;
  Emissions emissions_;
  struct Sample {
    Interval when;
    double megawatts;
  };
  std::map<Fuel, std::vector<Sample>> samples_;
  std::map<std::string, int, std::less<>> unknown_;
};

}  // namespace carbon::grid_feeds

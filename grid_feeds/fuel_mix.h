// SPDX-License-Identifier: Apache-2.0
// Carbon intensity from generation per fuel, for providers that publish the mix: sum of output x factor divided by sum of output.
// Only generation inside the zone counts (Boundary::kProduction), not imports.
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

// One row per fuel, in order of Fuel. The row of storage is zero: its output was generated before.
std::span<const FuelFactor> fuel_factors();
GramsPerKwh factor_of(Fuel fuel, Emissions emissions);

// A provider's name for a fuel.
struct FuelCode {
  std::string_view code;
  Fuel fuel;
};

class FuelMix {
 public:
  FuelMix(std::span<const FuelCode> codes, Emissions emissions) : codes_(codes), emissions_(emissions) {}

  // Mean output over `when`, in megawatts. Entries for the same fuel and time add up, so pumping and own use are given as
  // negative. An unknown code counts as kOther; notes() says so.
  void add(std::string_view code, Interval when, double megawatts);

  // At the finest step that was given. A step is left out if a fuel with 2 % or more of the total is missing: missing is not
  // zero. Negative output (own use at night) counts as zero; storage is not counted at all.
  std::vector<IntensityPoint> points() const;
  // The same as total output instead of intensity. `fuels` selects; empty selects all that count.
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

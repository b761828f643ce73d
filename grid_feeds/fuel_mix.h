// SPDX-License-Identifier: Apache-2.0
// Carbon intensity from generation per fuel, for providers that publish the mix: sum of output x factor divided by sum of output.
// Only generation inside the zone counts (Boundary::kProduction), not imports.
#pragma once

#include <limits>
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

enum class Flow : std::uint8_t { kGenerated, kConsumed };

// What is known of a provider's mix without its past.
struct MixBounds {
  std::span<const std::string_view> always{};                       // codes that are in every mix
  double most_megawatts = std::numeric_limits<double>::infinity();  // that one code can have
};

// Korea's demand has not reached 100 GW, and no fuel has half of that installed (2025).
inline constexpr double kMostOfAFuelInKorea = 60'000;

class FuelMix {
 public:
  FuelMix(std::span<const FuelCode> codes, Emissions emissions, MixBounds bounds = {})
      : codes_(codes), emissions_(emissions), bounds_(bounds) {}

  // Mean output over `when`, in megawatts; what is consumed (pumping, own use) counts against it. Where a code is given twice for
  // a time, the later one replaces the earlier: providers repeat and correct. An unknown code counts as kOther; notes() says so.
  void add(std::string_view code, Interval when, double megawatts, Flow flow = Flow::kGenerated);

  // At the finest step that was given. A step is left out where a code's output is implausible or missing, as judged by
  // check_outputs(): missing is not zero. Other negative output (own use at night) counts as zero; storage is not counted at all.
  std::vector<IntensityPoint> points() const;
  // The same as total output instead of intensity. `fuels` selects; empty selects all that count.
  struct Output {
    Interval when;
    double megawatts;
    double grams_per_hour;  // megawatts x factor x 1000
  };
  std::vector<Output> output(std::span<const Fuel> fuels = {}) const;
  // Fuels that are not known, and what was left out and why.
  std::vector<std::string> notes() const;

 private:
  struct Sample {
    Interval when;
    double megawatts;
  };
  struct Series {
    Fuel fuel;
    std::vector<Sample> generated, consumed;
  };
  struct Table;

  Fuel fuel_of(std::string_view code);
  Table table() const;

  std::span<const FuelCode> codes_;
  Emissions emissions_;
  MixBounds bounds_;
  std::map<std::string, Series, std::less<>> series_;
  std::map<std::string, int, std::less<>> unknown_;
};

}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/fuel_mix.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "grid_feeds/output_check.h"

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

// Two months of five minutes, and more codes than any provider has: bound time and memory if an answer is wrong.
constexpr std::size_t kMaxSteps = 20'000;
constexpr std::size_t kMaxCodes = 100;

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

void FuelMix::add(std::string_view code, Interval when, double megawatts, Flow flow) {
  if (when.length() <= Duration::zero() || !std::isfinite(megawatts)) return;
  auto found = series_.find(code);
  if (found == series_.end()) found = series_.emplace(std::string(code), Series{fuel_of(code), {}, {}}).first;
  auto& samples = flow == Flow::kGenerated ? found->second.generated : found->second.consumed;
  samples.push_back({when, megawatts});
}

// The mix at its finest step, with each code's net output.
struct FuelMix::Table {
  Instant first;
  Duration step{0};
  OutputRows rows;  // without storage
  std::vector<std::optional<OutputFault>> faults;

  Interval when(std::size_t i) const { return {first + step * static_cast<long>(i), first + step * static_cast<long>(i + 1)}; }
};

FuelMix::Table FuelMix::table() const {
  Table table{Instant::max(), Duration::max(), {}, {}};
  Instant last = Instant::min();
  for (const auto& [_, series] : series_) {
    for (const auto* samples : {&series.generated, &series.consumed}) {
      for (const auto& sample : *samples) {
        table.step = std::min(table.step, sample.when.length());
        table.first = std::min(table.first, sample.when.start);
        last = std::max(last, sample.when.end);
      }
    }
  }
  if (last <= table.first) return {};
  const auto index = [&table](Instant t) {  // rounded up
    return static_cast<std::size_t>((t - table.first + table.step - Duration(1)) / table.step);
  };
  const auto steps = index(last);
  if (steps > kMaxSteps || series_.size() > kMaxCodes) return {};
  const auto by_step = [&](const std::vector<Sample>& samples) {
    OutputRow row(steps);
    for (const auto& sample : samples) {
      const auto from = static_cast<std::size_t>((sample.when.start - table.first) / table.step);
      for (auto i = from; i < std::min(steps, index(sample.when.end)); ++i) row[i] = sample.megawatts;
    }
    return row;
  };
  for (const auto& [code, series] : series_) {
    if (series.fuel == Fuel::kStorage) continue;
    auto& row =
        table.rows.insert_or_assign(code, CodeOutput{by_step(series.generated), series.fuel == Fuel::kSolar}).first->second.row;
    const auto consumed = by_step(series.consumed);
    for (std::size_t i = 0; i < steps; ++i) {
      if (consumed[i]) row[i] = row[i].value_or(0.0) - *consumed[i];
    }
  }
  table.faults = check_outputs(table.rows, table.step, bounds_);
  return table;
}

std::vector<FuelMix::Output> FuelMix::output(std::span<const Fuel> fuels) const {
  const auto table = this->table();
  std::vector<Output> out;
  for (std::size_t i = 0; i < table.faults.size(); ++i) {
    if (table.faults[i]) continue;
    std::map<Fuel, double> megawatts;
    for (const auto& [code, output] : table.rows) megawatts[series_.at(code).fuel] += output.row[i].value_or(0.0);
    Output sum{table.when(i), 0, 0};
    for (const auto& [fuel, net] : megawatts) {
      if (net <= 0 || (!fuels.empty() && std::find(fuels.begin(), fuels.end(), fuel) == fuels.end())) continue;
      sum.megawatts += net;
      sum.grams_per_hour += net * 1000 * factor_of(fuel, emissions_).value();
    }
    out.push_back(sum);
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
  const auto table = this->table();
  std::size_t implausible = 0, missing = 0;
  std::string first_implausible, first_missing;
  for (std::size_t i = 0; i < table.faults.size(); ++i) {
    const auto& fault = table.faults[i];
    if (!fault) continue;
    const auto at = " at " + format_utc(table.when(i).start);
    if (fault->megawatts && implausible++ == 0) {
      first_implausible = fault->code + " of " + std::to_string(std::lround(*fault->megawatts)) + " MW" + at;
    } else if (!fault->megawatts && missing++ == 0) {
      first_missing = fault->code + at;
    }
  }
  if (implausible > 0)
    notes.push_back(std::to_string(implausible) + " times were left out: a fuel's output was implausible, first " +
                    first_implausible);
  if (missing > 0) notes.push_back(std::to_string(missing) + " times were left out: a fuel was missing, first " + first_missing);
  return notes;
}

}  // namespace carbon::grid_feeds

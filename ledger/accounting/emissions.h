// SPDX-License-Identifier: Apache-2.0
// Joules x intensity -> grams. Pure: no clock, no store.
//
//   grams = PUE x sum over intervals of E_k / |I_k| x integral over I_k of intensity(t) dt
//
// with E_k the energy of interval I_k, spread evenly over it. Energy without a known intensity adds no grams and lowers the
// coverage: missing is not zero.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/series.h"
#include "core/units.h"
#include "ledger/record/record.h"

namespace carbon::ledger {

// Energy in one interval. An interval of zero length (a job that ended as it started) has its energy at that instant.
struct EnergySlice {
  Interval when;
  std::int64_t mj = 0;
};

// Interval k of the device, cut to the record's time.
Interval interval_of(const EnergyRecord& record, const DeviceEnergy& device, std::size_t k);

// All devices of all `records` (the nodes of one run of a job), cut to each record's time; ascending by start, equal intervals
// summed, without those of zero energy.
std::vector<EnergySlice> profile_of(std::span<const EnergyRecord> records);

struct Emission {
  std::int64_t energy_mj = 0;
  double covered_mj = 0;         // the part whose intensity is known
  GramsCo2e grams;               // of the covered part, PUE included
  std::optional<Origin> origin;  // the worst that was used; none if nothing is covered

  // Share of the energy with a known intensity; 1 where there is no energy.
  double coverage() const;
  bool whole() const { return coverage() > 1.0 - 1e-9; }
};

// The part of the profile in `when`; the energy of a slice is spread evenly over it.
std::vector<EnergySlice> cut(std::span<const EnergySlice> profile, Interval when);

// `shift` moves the whole profile in time.
Emission emission_of(std::span<const EnergySlice> profile, const IntensitySeries& series, double pue,
                     Duration shift = Duration(0));

// Energy by method, and the worst method that contributed (with zero energy: the worst of the devices; none without devices).
struct MethodMix {
  std::array<std::int64_t, 3> mj{};  // indexed by Method
  std::optional<Method> worst;
};
MethodMix method_mix(std::span<const EnergyRecord> records);

}  // namespace carbon::ledger

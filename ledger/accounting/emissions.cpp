// SPDX-License-Identifier: Apache-2.0
#include "ledger/accounting/emissions.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace carbon::ledger {
namespace {

struct Covered {
  double share = 0;      // of the slice's time
  double g_per_kwh = 0;  // integral over the slice / its length: gaps add nothing
};

Covered cover(const SeriesView& series, Interval when) {
  if (when.length() <= Duration::zero()) {
    const auto value = series.at(when.start);
    return value ? Covered{1.0, value->value()} : Covered{};
  }
  const auto window = series.integrate(when.start, when.end);
  const double length = seconds(when.length());
  return {seconds(window.covered) / length, window.gram_seconds_per_kwh / length};
}

void worsen(std::optional<Origin>& worst, const std::vector<IntensityPoint>& points, Interval when) {
  const auto last = std::max(when.end, when.start + Duration(1));
  auto p = std::partition_point(points.begin(), points.end(), [&](const auto& x) { return x.when.end <= when.start; });
  for (; p != points.end() && p->when.start < last; ++p) worst = worst ? std::max(*worst, p->origin) : p->origin;
}

}  // namespace

Interval interval_of(const EnergyRecord& r, const DeviceEnergy& d, std::size_t k) {
  const auto edge = [&](std::size_t at) { return std::clamp(d.first + d.step * static_cast<std::int64_t>(at), r.start, r.end); };
  return {edge(k), edge(k + 1)};
}

std::vector<EnergySlice> profile_of(std::span<const EnergyRecord> records) {
  std::map<std::pair<Instant, Instant>, std::int64_t> sums;
  for (const auto& r : records) {
    for (const auto& d : r.devices) {
      for (std::size_t k = 0; k < d.mj.size(); ++k) {
        if (d.mj[k] == 0) continue;
        const auto when = interval_of(r, d, k);
        sums[{when.start, when.end}] += d.mj[k];
      }
    }
  }
  std::vector<EnergySlice> out;
  out.reserve(sums.size());
  for (const auto& [when, mj] : sums) out.push_back({{when.first, when.second}, mj});
  return out;
}

std::vector<EnergySlice> cut(std::span<const EnergySlice> profile, Interval when) {
  std::vector<EnergySlice> out;
  for (const auto& slice : profile) {
    const Interval part{std::max(slice.when.start, when.start), std::min(slice.when.end, when.end)};
    if (slice.when.length() <= Duration::zero() && when.start <= slice.when.start && slice.when.start < when.end) {
      out.push_back(slice);
    } else if (part.length() > Duration::zero()) {
      const double share = seconds(part.length()) / seconds(slice.when.length());
      out.push_back({part, std::llround(share * static_cast<double>(slice.mj))});
    }
  }
  return out;
}

double Emission::coverage() const { return energy_mj == 0 ? 1.0 : covered_mj / static_cast<double>(energy_mj); }

Emission emission_of(std::span<const EnergySlice> profile, const IntensitySeries& series, double pue, Duration shift) {
  Emission out;
  const auto view = series.view();
  for (const auto& slice : profile) {
    const Interval when{slice.when.start + shift, slice.when.end + shift};
    const auto covered = cover(view, when);
    const Joules energy(static_cast<double>(slice.mj) / 1000.0);
    out.energy_mj += slice.mj;
    out.covered_mj += static_cast<double>(slice.mj) * covered.share;
    out.grams += energy * GramsPerKwh(covered.g_per_kwh) * pue;
    if (covered.share > 0) worsen(out.origin, series.points(), when);
  }
  return out;
}

MethodMix method_mix(std::span<const EnergyRecord> records) {
  MethodMix mix;
  std::optional<Method> of_all;
  for (const auto& r : records) {
    for (const auto& d : r.devices) {
      const auto mj = total_mj(d);
      mix.mj[static_cast<std::size_t>(d.method)] += mj;
      of_all = of_all ? std::max(*of_all, d.method) : d.method;
      if (mj > 0) mix.worst = mix.worst ? std::max(*mix.worst, d.method) : d.method;
    }
  }
  if (!mix.worst) mix.worst = of_all;
  return mix;
}

}  // namespace carbon::ledger

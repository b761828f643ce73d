// SPDX-License-Identifier: Apache-2.0
#include "core/transfer.h"
#include "policies/choose.h"
#include "policies/policy.h"
#include "policies/sliding_window.h"

namespace carbon::policies {

GramsCo2e grams(const Window& window, const SiteForecast& site, Watts power) {
  return GramsCo2e(window.gram_seconds_per_kwh * power.value() * site.pue / kJoulesPerKwh);
}

std::optional<GramsCo2e> emission(const SiteForecast& site, Instant start, Duration runtime, Watts power) {
  const auto window = window_at(site.series, start, runtime);
  if (!window) return std::nullopt;
  return grams(*window, site, power);
}

std::optional<GramsCo2e> transfer_emission(const JobRequest& job, std::span<const SiteForecast> sites, std::size_t site) {
  if (site == job.home || job.data_gb <= 0) return GramsCo2e(0);
  const auto here = sites[job.home].series.at(job.ready), there = sites[site].series.at(job.ready);
  if (!here || !there) return std::nullopt;
  return core::transfer_emission(transfer_energy(job.data_gb, sites[site].transfer_kwh_per_gb), *here, *there);
}

}  // namespace carbon::policies

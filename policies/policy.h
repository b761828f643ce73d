// SPDX-License-Identifier: Apache-2.0
// Placement policies: pure functions from a job and the sites' forecasts to a start and a site. No clock, no I/O, no state: the
// same code decides in slurmctld, carbonctld and the replay engine.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "core/site_forecast.h"
#include "core/slurm/job.h"

namespace carbon::policies {

// Emissions of `power` for `runtime` from `start`, PUE included; none if the series does not cover the whole window.
std::optional<GramsCo2e> emission(const SiteForecast& site, Instant start, Duration runtime, Watts power);

// Emissions of transferring the job's data to `site` at `ready`, at the mean of the intensities of both sites (each end draws
// half); 0 at home, none if an intensity is not known.
std::optional<GramsCo2e> transfer_emission(const JobRequest& job, std::span<const SiteForecast> sites, std::size_t site);

// Each returns {home, ready} if nothing better is known (also if the series at home has a gap in [ready, ready + runtime)), and
// never a start before ready or after ready + max_delay. Ties, and differences below a billionth, go to the earlier start, then
// to home, then to the lower site index. No allocation, no exceptions; only the first kMostSites sites are considered.
using Policy = Placement (*)(const JobRequest& job, std::span<const SiteForecast> sites);

Placement run_now(const JobRequest& job, std::span<const SiteForecast> sites);
// Least emission over all starts at home, by the exact minimum of the sliding window.
Placement lowest_window(const JobRequest& job, std::span<const SiteForecast> sites);
// Starts at ready, at the allowed site of least emission.
Placement greenest_site(const JobRequest& job, std::span<const SiteForecast> sites);
// Both at once: least emission over all allowed sites and starts.
Placement greenest_window(const JobRequest& job, std::span<const SiteForecast> sites);

struct NamedPolicy {
  std::string_view name;
  Policy place;
};
inline constexpr std::array<NamedPolicy, 4> kPolicies{{{"run-now", run_now},
                                                       {"lowest-window", lowest_window},
                                                       {"greenest-site", greenest_site},
                                                       {"greenest-window", greenest_window}}};

}  // namespace carbon::policies

// SPDX-License-Identifier: Apache-2.0
// A placement policy: a pure function from a job and the sites' intensity ahead to a start and a site. No clock, no I/O, no
// state: the same code decides inside slurmctld, in carbonctld and in the replay engine.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "core/job.h"
#include "core/site_forecast.h"

namespace carbon::policies {

// Grams of `power` for `length` from `start`, PUE included; none where the series does not cover the whole window.
std::optional<GramsCo2e> emission(const SiteForecast& site, Instant start, Duration length, Watts power);

// Grams to bring the job's data to `site` when it is submitted, at the mean of the intensities at home and there (each end
// draws half); 0 at home, none where one of them is not known.
std::optional<GramsCo2e> transfer_emission(const JobRequest& job, std::span<const SiteForecast> sites, std::size_t site);

// Each returns {home, ready} where nothing better is known (so too where the series at home has a gap in [ready, ready +
// length)), and never a start before ready or after ready + max_delay. Ties, and differences below a billionth, go to the earlier
// start, then to home, then to the lower site index. No allocation, no exceptions; at most the first kMostSites sites are looked
// at.
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

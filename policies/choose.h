// SPDX-License-Identifier: Apache-2.0
// The search that the window policies share: the least emissions over sites and starts, with a fixed order among ties.
#pragma once

#include <cstdint>
#include <span>

#include "policies/policy.h"
#include "policies/sliding_window.h"

namespace carbon::policies {

GramsCo2e grams(const Window& window, const SiteForecast& site, Watts power);

// The least emission over the sites of the mask `among` (bit i: site i) and the starts up to ready + max_delay. {home, ready}
// if the emissions of running at home now are not known: then nothing is known to be better.
Placement choose(const JobRequest& job, std::span<const SiteForecast> sites, std::uint64_t among, Duration max_delay);

}  // namespace carbon::policies

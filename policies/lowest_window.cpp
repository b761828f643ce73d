// SPDX-License-Identifier: Apache-2.0
// Waits at home for the least emission over the whole run. CATS does this with the user's duration, GAIA (ASPLOS'24) with a
// class's mean length; both over whole hours, here over every start.
#include "policies/choose.h"
#include "policies/policy.h"

namespace carbon::policies {

Placement lowest_window(const JobRequest& job, std::span<const SiteForecast> sites) {
  return choose(job, sites, std::uint64_t{1} << job.home, job.max_delay);
}

}  // namespace carbon::policies

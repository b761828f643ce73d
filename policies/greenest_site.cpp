// SPDX-License-Identifier: Apache-2.0
// Runs at once, at the allowed site of least emission.
#include "policies/choose.h"
#include "policies/policy.h"

namespace carbon::policies {

Placement greenest_site(const JobRequest& job, std::span<const SiteForecast> sites) {
  return choose(job, sites, job.sites, Duration::zero());
}

}  // namespace carbon::policies

// SPDX-License-Identifier: Apache-2.0
// The least emission over all allowed sites and starts.
#include "policies/choose.h"
#include "policies/policy.h"

namespace carbon::policies {

Placement greenest_window(const JobRequest& job, std::span<const SiteForecast> sites) {
  return choose(job, sites, job.sites, job.max_delay);
}

}  // namespace carbon::policies

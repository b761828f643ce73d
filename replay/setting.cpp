// SPDX-License-Identifier: Apache-2.0
#include "replay/setting.h"

#include <algorithm>

namespace carbon::replay {

Instant latest_end(const Trace& trace, const Setting& setting) {
  Instant last_arrival{};
  double unit_ms = 0;
  Duration longest{0};
  for (const auto& job : trace.jobs) {
    last_arrival = std::max(last_arrival, job.arrival);
    longest = std::max(longest, job.runtime);
    unit_ms += static_cast<double>(job.runtime.count()) * job.width;
  }
  std::uint32_t least_capacity = kUnlimited;
  for (const auto& site : setting.sites) least_capacity = std::min(least_capacity, site.capacity);
  // With first fit a site is more than half full while a job waits that needs at most half of it; a wider job waits less often.
  const double busy_ms = least_capacity == kUnlimited ? 0 : 2 * unit_ms / least_capacity;
  return last_arrival + std::max(setting.caps.small, setting.caps.large) + 3 * longest +
         Duration(static_cast<std::int64_t>(busy_ms)) + std::chrono::hours(48);
}

void sort_by_name(std::vector<SiteModel>& sites) {
  std::sort(sites.begin(), sites.end(), [](const SiteModel& a, const SiteModel& b) { return a.name < b.name; });
}

Status assign_homes(Trace& trace, const Setting& setting) {
  const auto& sites = setting.sites;
  std::size_t next = 0;
  for (auto& job : trace.jobs) {
    const auto fits = [&](std::size_t site) { return job.width <= sites[site].capacity; };
    const auto refuse = [&](const std::string& where, std::uint32_t capacity) {
      return Error{"job " + std::to_string(job.id) + " needs " + std::to_string(job.width) + " cpus|gpus, " + where + " has " +
                   std::to_string(capacity)};
    };
    if (job.home != kNoHome) {
      if (!fits(job.home)) return refuse("its home " + sites[job.home].name, sites[job.home].capacity);
      continue;
    }
    std::size_t tried = 0;
    while (tried < sites.size() && !fits((next + tried) % sites.size())) ++tried;
    if (tried == sites.size()) {
      const auto largest = std::max_element(sites.begin(), sites.end(), [](auto& a, auto& b) { return a.capacity < b.capacity; });
      return refuse("the largest site", largest->capacity);
    }
    job.home = (next + tried) % sites.size();
    next = (next + 1) % sites.size();
  }
  return Done{};
}

}  // namespace carbon::replay

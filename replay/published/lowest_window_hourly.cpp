// SPDX-License-Identifier: Apache-2.0
#include "policies/sliding_window.h"
#include "replay/published/published.h"

namespace carbon::replay::published {

Placement lowest_window(const JobRequest& job, std::span<const SiteForecast> sites) {
  Placement best{job.home, job.ready};
  if (job.home >= sites.size()) return best;
  const SeriesView& series = sites[job.home].series;
  auto least = policies::window_at(series, job.ready, job.runtime);
  if (!least) return best;
  for (Instant start = job.ready; start <= job.ready + job.max_delay; start += std::chrono::hours(1)) {
    const auto window = policies::window_at(series, start, job.runtime);
    if (!window || window->gram_seconds_per_kwh >= least->gram_seconds_per_kwh * (1 - policies::kTie)) continue;
    least = window;
    best.start = start;
  }
  return best;
}

}  // namespace carbon::replay::published

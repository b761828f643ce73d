// SPDX-License-Identifier: Apache-2.0
#include "policies/sliding_window.h"
#include "replay/published/published.h"

namespace carbon::replay::published {

Placement carbon_time(const JobRequest& job, std::span<const SiteForecast> sites) {
  Placement best{job.home, job.ready};
  if (job.home >= sites.size()) return best;
  const SeriesView& series = sites[job.home].series;
  const auto at_once = policies::window_at(series, job.ready, job.runtime);
  if (!at_once) return best;
  double most = 0;
  for (Instant start = job.ready; start <= job.ready + job.max_delay; start += std::chrono::hours(1)) {
    const auto window = policies::window_at(series, start, job.runtime);
    if (!window) continue;
    const double saved = at_once->gram_seconds_per_kwh - window->gram_seconds_per_kwh;
    const double per_second = saved / seconds(start - job.ready + job.runtime);
    if (saved <= at_once->gram_seconds_per_kwh * policies::kTie || per_second <= most * (1 + policies::kTie)) continue;
    most = per_second;
    best.start = start;
  }
  return best;
}

}  // namespace carbon::replay::published

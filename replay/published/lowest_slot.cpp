// SPDX-License-Identifier: Apache-2.0
#include "replay/published/published.h"

namespace carbon::replay::published {

Placement lowest_slot(const JobRequest& job, std::span<const SiteForecast> sites) {
  Placement best{job.home, job.ready};
  if (job.home >= sites.size()) return best;
  const SeriesView& series = sites[job.home].series;
  auto least = series.at(job.ready);
  if (!least) return best;
  for (std::size_t i = series.find(job.ready) + 1; i < series.size(); ++i) {
    const Instant start = series.segment(i).start;
    if (start > job.ready + job.max_delay) break;
    const auto value = series.value(i);
    if (!value || *value >= *least) continue;
    least = value;
    best.start = start;
  }
  return best;
}

}  // namespace carbon::replay::published

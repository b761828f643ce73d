// SPDX-License-Identifier: Apache-2.0
#include "policies/choose.h"

#include <algorithm>
#include <optional>

#include "policies/sliding_window.h"

namespace carbon::policies {
namespace {

// A placement and its emissions in grams.
struct Candidate {
  Placement place;
  double cost = 0;
};

bool better(const Candidate& a, const Candidate& b, std::size_t home) {
  if (a.cost < b.cost * (1 - kTie)) return true;
  if (b.cost < a.cost * (1 - kTie)) return false;
  if (a.place.start != b.place.start) return a.place.start < b.place.start;
  return a.place.site == home && b.place.site != home;
}

std::optional<Candidate> best_at(const JobRequest& job, std::span<const SiteForecast> sites, std::size_t index,
                                 Duration max_delay) {
  const SiteForecast& site = sites[index];
  const auto window = least_window(site.series, job.runtime, job.ready, job.ready + std::max(max_delay, Duration::zero()));
  const auto transfer = transfer_emission(job, sites, index);
  if (!window || !transfer) return std::nullopt;
  return Candidate{{index, window->start}, grams(*window, site, job.power).value() + transfer->value()};
}

}  // namespace

Placement choose(const JobRequest& job, std::span<const SiteForecast> sites, std::uint64_t among, Duration max_delay) {
  const Placement as_submitted{job.home, job.ready};
  if (job.home >= sites.size() || !window_at(sites[job.home].series, job.ready, job.runtime)) return as_submitted;
  std::optional<Candidate> best;
  for (std::size_t i = 0; i < std::min(sites.size(), kMostSites); ++i) {
    if ((among >> i & 1) == 0) continue;
    const auto candidate = best_at(job, sites, i, max_delay);
    if (candidate && (!best || better(*candidate, *best, job.home))) best = candidate;
  }
  return best ? best->place : as_submitted;
}

}  // namespace carbon::policies

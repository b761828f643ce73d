// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "replay/published/published.h"

namespace carbon::replay {
namespace {

constexpr double kQuantile = 0.3;
constexpr Duration kAhead = std::chrono::hours(24);

// The 30 % quantile of the hourly values from `at` on, by linear interpolation between order statistics.
std::optional<double> quantile_ahead(const SeriesView& series, Instant at) {
  std::vector<double> values;
  for (Instant t = at; t < at + kAhead; t += std::chrono::hours(1)) {
    if (const auto value = series.at(t)) values.push_back(value->value());
  }
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const double rank = kQuantile * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(rank);
  const auto high = std::min(low + 1, values.size() - 1);
  return values[low] + (rank - static_cast<double>(low)) * (values[high] - values[low]);
}

}  // namespace

std::vector<Interval> threshold(const JobRequest& job, const SiteForecast& home) {
  std::vector<Interval> intervals;
  const SeriesView& series = home.series;
  Instant at = job.ready;
  Duration left = job.runtime, pause_left = job.max_delay;
  while (left > Duration::zero() && pause_left > Duration::zero()) {
    if (series.empty() || at < series.start() || at >= series.end()) break;
    const std::size_t i = series.find(at);
    const auto value = series.value(i);
    const auto limit = quantile_ahead(series, at);
    if (!value || !limit) break;
    const Duration step = series.segment(i).end - at;
    if (value->value() < *limit) {
      const Instant end = at + std::min(step, left);
      if (!intervals.empty() && intervals.back().end == at)
        intervals.back().end = end;
      else
        intervals.push_back({at, end});
      left -= end - at;
      at = end;
    } else {
      const Duration pause = std::min(step, pause_left);
      pause_left -= pause;
      at += pause;
    }
  }
  if (left > Duration::zero() || intervals.empty()) {
    if (!intervals.empty() && intervals.back().end == at)
      intervals.back().end = at + left;
    else
      intervals.push_back({at, at + left});
  }
  return intervals;
}

}  // namespace carbon::replay

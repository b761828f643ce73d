// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "replay/published/published.h"

namespace carbon::replay {
namespace {

struct Slot {
  Interval when;
  double value;
};

// Adjacent slots are joined.
std::vector<Interval> joined(std::vector<Interval> slots) {
  std::sort(slots.begin(), slots.end(), [](const Interval& a, const Interval& b) { return a.start < b.start; });
  std::vector<Interval> intervals;
  for (const auto& slot : slots) {
    if (!intervals.empty() && intervals.back().end == slot.start)
      intervals.back().end = slot.end;
    else
      intervals.push_back(slot);
  }
  return intervals;
}

}  // namespace

std::vector<Interval> suspend_resume(const JobRequest& job, const SiteForecast& home) {
  const Instant until = job.ready + job.max_delay + job.runtime;
  const std::vector<Interval> at_once{{job.ready, job.ready + job.runtime}};
  if (home.series.empty() || job.ready < home.series.start() || until > home.series.end()) return at_once;

  std::vector<Slot> slots;
  for (std::size_t i = home.series.find(job.ready); i < home.series.size() && home.series.segment(i).start < until; ++i) {
    const auto value = home.series.value(i);
    if (!value) continue;
    const Interval s = home.series.segment(i);
    slots.push_back({{std::max(s.start, job.ready), std::min(s.end, until)}, value->value()});
  }
  std::stable_sort(slots.begin(), slots.end(), [](const Slot& a, const Slot& b) { return a.value < b.value; });
  std::vector<Interval> chosen;
  Duration left = job.runtime;
  for (const auto& slot : slots) {
    if (left <= Duration::zero()) break;
    const Duration part = std::min(left, slot.when.length());
    chosen.push_back({slot.when.start, slot.when.start + part});
    left -= part;
  }
  return left > Duration::zero() || chosen.empty() ? at_once : joined(std::move(chosen));
}

}  // namespace carbon::replay

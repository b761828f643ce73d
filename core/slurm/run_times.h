// SPDX-License-Identifier: Apache-2.0
// Tells by their times whether two accounts of a run (a node's record, slurmdbd's row, sacct's) are of the same run. Slurm gives
// a job id again: to each run of a requeued job, and to other jobs after MaxJobId or a lost StateSaveLocation. But at any moment
// at most one run on a cluster has it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "core/time.h"

namespace carbon::inline core {

// Between the clocks of two hosts, and between a run's end in slurmctld and the epilog on its nodes.
inline constexpr Duration kClockTolerance = std::chrono::seconds(30);

// How long both lasted at once; negative: the time between them.
inline Duration overlap(Interval a, Interval b) { return std::min(a.end, b.end) - std::max(a.start, b.start); }

inline bool may_be_one_run(Interval a, Interval b) { return overlap(a, b) >= -kClockTolerance; }

// The index of the run in `candidates` (of one cluster and job id) that `when` is of: the one that it overlaps longest, then the
// one with the nearest start. None: of none of them.
inline std::optional<std::size_t> run_at(const std::vector<Interval>& candidates, Interval when) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (!may_be_one_run(candidates[i], when)) continue;
    if (!best) {
      best = i;
      continue;
    }
    const auto gain = overlap(candidates[i], when) - overlap(candidates[*best], when);
    const auto distance = [&](std::size_t k) { return std::chrono::abs(candidates[k].start - when.start); };
    if (gain > Duration::zero() || (gain == Duration::zero() && distance(i) < distance(*best))) best = i;
  }
  return best;
}

}  // namespace carbon::inline core

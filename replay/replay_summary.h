// SPDX-License-Identifier: Apache-2.0
// What a run emitted and how long its jobs waited.
#pragma once

#include <span>
#include <vector>

#include "replay/engine.h"
#include "replay/setting.h"

namespace carbon::replay {

struct Summary {
  GramsCo2e carbon;              // by the actual intensity, PUE and transfers included
  double unknown_job_hours = 0;  // job hours in gaps of the intensity: not in `carbon`
  Duration mean_wait{0};         // waiting: end - arrival - run time, so pauses count
  Duration p95_wait{0};
  Duration max_wait{0};
  std::size_t cap_violations = 0;  // see violations()
  Duration worst_violation{0};
  double worst_slowdown_growth = 0;  // of a user: growth of the mean of (wait + run time) / run time over the run-now run
  std::size_t moved = 0;             // jobs that ran away from home
  Duration makespan{0};              // first arrival to last end
};

// `run_now` is the run-now run at the same capacity: a job is late where its wait is more than 5 s beyond the longer of its cap
// and its wait in that run.
Summary summarize(const Trace& trace, const Setting& setting, std::span<const JobRun> runs, std::span<const JobRun> run_now);

}  // namespace carbon::replay

// SPDX-License-Identifier: Apache-2.0
// Plans all jobs that wait together: a start and a site for each, so that caps hold, capacity suffices and carbon is least.
// Online: it knows the jobs that have arrived, those that run, the intensity ahead, and how jobs have arrived so far.
// docs/planner.md.
#pragma once

#include <span>
#include <vector>

#include "planner/arrivals.h"
#include "planner/plan_types.h"
#include "planner/shadow_prices.h"

namespace carbon::planner {

class Planner {
 public:
  // A job has arrived: it will be among the pending ones, and more like it are to be expected.
  void arrived(const PlanJob& job) { arrivals_.add(job); }

  // A start and a site for each pending job, in their order. Starts are `now` or later, and not after the job's latest but where
  // the capacity leaves no other way: then as soon as it fits. Deterministic: the effort is counted, never timed.
  std::vector<Placement> plan(Instant now, std::span<const PlanJob> pending, std::span<const RunningJob> running,
                              std::span<const PlanSite> sites);

  // In the last plan some job starts after its latest: capacity no longer suffices. Then each end of a job is worth a new plan.
  bool short_of_capacity() const { return short_of_capacity_; }

 private:
  Arrivals arrivals_;
  ShadowPrices prices_;
  bool short_of_capacity_ = false;
};

}  // namespace carbon::planner

// SPDX-License-Identifier: Apache-2.0
// The joint planner: an online scheduler that gives each waiting job a start and a site, with the least emissions within wait
// caps and capacity. It knows the jobs that wait and run, the intensity forecast, and the past arrivals. docs/planner.md.
#pragma once

#include <span>
#include <vector>

#include "planner/arrivals.h"
#include "planner/plan_types.h"
#include "planner/shadow_prices.h"

namespace carbon::planner {

class Planner {
 public:
  // Notes an arrival: the job will be among the pending ones, and more like it are expected.
  void arrived(const PlanJob& job) { arrivals_.add(job); }

  // A start and a site for each pending job, in their order. No start is before `now`. A start is after the job's latest only if
  // the capacity does not suffice: then the job starts as soon as it fits. Deterministic: the effort is counted, never timed.
  std::vector<Placement> plan(Instant now, std::span<const PlanJob> pending, std::span<const RunningJob> running,
                              std::span<const PlanSite> sites);

  // In the last plan capacity did not suffice: a job starts after its latest. Then each end of a job is worth a new plan.
  bool short_of_capacity() const { return short_of_capacity_; }

 private:
  Arrivals arrivals_;
  ShadowPrices prices_;
  bool short_of_capacity_ = false;
};

}  // namespace carbon::planner

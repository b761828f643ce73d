// SPDX-License-Identifier: Apache-2.0
// How long jobs of a class run, learned from those that have finished and those that still run.
#pragma once

#include <span>
#include <vector>

#include "planner/plan_types.h"

namespace carbon::planner {

class RuntimeStatistics {
 public:
  // `mean`: of all jobs of the class, as far as it is known beforehand.
  explicit RuntimeStatistics(Duration mean) : mean_(mean) {}

  void finished(Duration runtime);
  // The distribution as atoms of equal weight: Kaplan and Meier's estimate (1958), in which a job that still runs counts as one
  // that is longer than its time so far. What it leaves open at the long end is placed so that the mean is right.
  std::vector<RuntimeAtom> atoms(std::span<const Duration> running) const;

 private:
  Duration mean_;
  std::vector<Duration> finished_;  // ascending
};

// What is left of a job that has run for `elapsed`. Beyond all atoms: half as long again.
std::vector<RuntimeAtom> residual(std::span<const RuntimeAtom> runtimes, Duration elapsed);

}  // namespace carbon::planner

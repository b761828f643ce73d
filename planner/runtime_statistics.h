// SPDX-License-Identifier: Apache-2.0
// Kaplan-Meier estimate of the run-time distribution of a class of jobs, from finished jobs and (censored) running ones.
#pragma once

#include <span>
#include <vector>

#include "planner/plan_types.h"

namespace carbon::planner {

class RuntimeStatistics {
 public:
  // `mean`: prior mean of the class.
  explicit RuntimeStatistics(Duration mean) : mean_(mean) {}

  void finished(Duration runtime);
  // The distribution as atoms of equal weight, after Kaplan and Meier (1958): `running` are the elapsed times of running jobs.
  // The mass that the estimate leaves beyond the longest run time is placed so that the mean equals the prior mean.
  std::vector<RuntimeAtom> atoms(std::span<const Duration> running) const;

 private:
  Duration mean_;
  std::vector<Duration> finished_;  // ascending
};

// The distribution of the rest of a job that has run for `elapsed`; if it has outlived all atoms, half of `elapsed`.
std::vector<RuntimeAtom> residual(std::span<const RuntimeAtom> runtimes, Duration elapsed);

}  // namespace carbon::planner

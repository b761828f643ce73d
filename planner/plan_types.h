// SPDX-License-Identifier: Apache-2.0
// The planner's input: sites, waiting jobs, running jobs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/site_forecast.h"
#include "core/slurm/job.h"

namespace carbon::planner {

struct PlanSite {
  SiteForecast forecast;  // from now on; gaps are filled as intensity_sums.h says
  double capacity = 0;    // in units: CPUs or GPUs
};

// A point of a run-time distribution. The weights of a job's atoms add up to 1.
struct RuntimeAtom {
  Duration runtime{0};
  double weight = 0;
};

// Stands for a transfer of unknown emission, in grams: a job with this cost is never moved.
inline constexpr double kUnknownTransfer = 1e12;

struct PlanJob {
  Instant ready;                          // when it arrived
  Instant latest;                         // latest start
  Duration runtime{0};                    // expected
  std::span<const RuntimeAtom> runtimes;  // its distribution; empty: not known; not owned
  double units = 1;                       // CPUs or GPUs
  Watts power;                            // of all its units, before PUE
  std::uint64_t sites = 1;                // bit i: site i can run it
  std::vector<double> transfer_g;         // grams to bring its data to each site; empty: none
  std::size_t id = 0;                     // the caller's; the planner does not use it
};

struct RunningJob {
  std::size_t site = 0;
  double units = 1;
  Instant started;
  Duration runtime{0};  // as in PlanJob
  std::span<const RuntimeAtom> runtimes;
  std::size_t id = 0;
};

}  // namespace carbon::planner

// SPDX-License-Identifier: Apache-2.0
// Queue simulation: when waiting jobs of one site start if every job runs to its time limit and jobs start strictly by priority,
// without backfill. Slurm's backfill does better; a start guarantee must not depend on it. Pure.
//
// It has an event loop of its own instead of planner/resource_profile.h: the simulated order depends on which jobs are eligible
// at each moment, and starts are exact, where the planner's profile is in even steps.
#pragma once

#include <span>
#include <vector>

#include "core/time.h"

namespace carbon::carbonctld {

// A job in the simulation: it occupies `units` (GPUs) from its start for `runtime`.
struct SimulatedJob {
  double units = 0;
  Instant eligible;  // of a running job: when it started
  Duration runtime{0};
  double priority = 0;                                // the highest eligible job goes first; among equals the first in the list
  Instant latest{};                                   // of a deferred job: its guaranteed latest start
  Instant submit{};                                   // of a deferred job
  Instant end() const { return eligible + runtime; }  // of a running job
};

// The start of each of `waiting`, in their order; Instant::max(): never. A job that is larger than the capacity counts as large
// as the capacity.
std::vector<Instant> simulate_queue(Instant now, double capacity, std::span<const SimulatedJob> running,
                                    std::span<const SimulatedJob> waiting);

}  // namespace carbon::carbonctld

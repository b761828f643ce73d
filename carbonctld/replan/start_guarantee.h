// SPDX-License-Identifier: Apache-2.0
// Start guarantees: which deferred jobs of a site must be released to the queue now, because the site is busy. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "carbonctld/replan/queue_simulation.h"

namespace carbon::carbonctld {

// The jobs of one site.
struct SiteQueue {
  Instant now;
  double capacity = 0;                 // GPUs
  std::vector<SimulatedJob> running;   // to their time limits
  std::vector<SimulatedJob> queueing;  // they wait for nothing but GPUs
  std::vector<SimulatedJob> deferred;  // `eligible`: their planned start
};

// Returns the indices of the deferred jobs to release now, ascending. After that, the simulated queue starts every job by its
// guaranteed time or, if the queue is too long for that, no later than without any deferral.
std::vector<std::size_t> release_for_guarantees(const SiteQueue& site);

}  // namespace carbon::carbonctld

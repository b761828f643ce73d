// SPDX-License-Identifier: Apache-2.0
// The bound that users were told holds when the cluster is full too: which deferred jobs of a site must queue up now. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "carbonctld/replan/queue_simulation.h"

namespace carbon::carbonctld {

struct DeferredUnits {
  QueuedUnits queued;  // `eligible`: when it is to begin
  Instant latest;      // as the user was told
  Instant submit;
};

struct SiteQueue {
  Instant now;
  double capacity = 0;
  std::vector<HeldUnits> held;        // by running jobs, to their time limits
  std::vector<QueuedUnits> queueing;  // jobs that wait for nothing but GPUs
  std::vector<DeferredUnits> deferred;
};

// Indices of `deferred` that have to begin now, so that by the outlook of the queue every job starts by what it was told or,
// where the queue alone makes that impossible, not later than if nobody had been deferred. Ascending.
std::vector<std::size_t> release_for_promises(const SiteQueue& site);

}  // namespace carbon::carbonctld

// SPDX-License-Identifier: Apache-2.0
// When waiting jobs would start if each ran to its time limit: strictly by priority, nobody overtakes. Slurm's backfill does
// better; a promise must not depend on it. Pure.
#pragma once

#include <span>
#include <vector>

#include "core/time.h"

namespace carbon::carbonctld {

struct HeldUnits {
  double units = 0;
  Instant until;
};

struct QueuedUnits {
  double units = 0;
  Instant eligible;
  Duration runtime{0};
  double priority = 0;  // among those that are eligible the highest goes first; among equals the earlier in the list
};

// The start of each of `waiting`, in their order. A job larger than the capacity is taken to be as large as it.
std::vector<Instant> queue_outlook(Instant now, double capacity, std::span<const HeldUnits> held,
                                   std::span<const QueuedUnits> waiting);

}  // namespace carbon::carbonctld

// SPDX-License-Identifier: Apache-2.0
// The least that any schedule could emit which starts each job by the later of its cap and its start in the run-now run, knowing
// all arrivals and lengths in advance: a measure for what is left to gain.
#pragma once

#include <span>

#include "replay/engine.h"
#include "replay/setting.h"

namespace carbon::replay {

// For any prices p >= 0 of capacity per half hour, sum over jobs of min over sites and starts of (grams + price of its units)
// less the price of all capacity is a lower bound on the grams of every feasible schedule (Lagrangian relaxation of the capacity,
// Held and Karp 1971). The minimum is exact over continuous starts. `rounds` of subgradient ascent choose the prices; the best
// bound counts. Jobs are not interrupted. Precondition: the actual series covers the runs of all jobs without gaps.
GramsCo2e lagrangian_bound(const Trace& trace, const Setting& setting, std::span<const JobRun> run_now, int rounds = 600);

}  // namespace carbon::replay

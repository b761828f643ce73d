// SPDX-License-Identifier: Apache-2.0
// What every parser needs of time steps and lists of points.
#pragma once

#include <vector>

#include "core/series.h"

namespace carbon::grid_feeds {

// Sorted by start; of several with one start the last given stays (a correction comes later); an end that reaches into the next
// point is cut there; empty ones are dropped.
std::vector<IntensityPoint> in_order(std::vector<IntensityPoint> points);

// The last multiple of `step` (UTC) that is not after t.
Instant floor_to(Instant t, Duration step);
// From `now` until `lag` after the next multiple of `step`: when a provider of that rhythm has something new.
Duration until_next(Instant now, Duration step, Duration lag);

}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
// Time steps and lists of points, as the parsers need them.
#pragma once

#include <vector>

#include "core/series.h"

namespace carbon::grid_feeds {

// Sorts by start. Of several points with the same start the last one given is kept (corrections come later); a point that
// overlaps the next one is cut there; empty points are dropped.
std::vector<IntensityPoint> in_order(std::vector<IntensityPoint> points);

// The last multiple of `step` (UTC) that is not after t.
Instant floor_to(Instant t, Duration step);
// Time from `now` until `lag` after the next multiple of `step`: when a provider with that interval has new data.
Duration until_next(Instant now, Duration step, Duration lag);

}  // namespace carbon::grid_feeds

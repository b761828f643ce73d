// SPDX-License-Identifier: Apache-2.0
// The intensity ahead on an even grid, filled where the series is silent.
#pragma once

#include <vector>

#include "core/series.h"

namespace carbon::planner {

// Running integral of the intensity in g/kWh x s at start + i x step, i = 0..steps. Where the series does not cover a step whole,
// the step takes the value of 24 hours before; where that is not known either, the mean of what is known.
std::vector<double> intensity_sums(const SeriesView& series, Instant start, Duration step, std::size_t steps);

}  // namespace carbon::planner

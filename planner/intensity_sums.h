// SPDX-License-Identifier: Apache-2.0
// Running integral of an intensity forecast on an even grid, with its gaps filled.
#pragma once

#include <vector>

#include "core/series.h"

namespace carbon::planner {

// Running integral of the intensity in g/kWh x s at start + i x step, i = 0..steps. A step that the series does not cover
// entirely has the value of 24 hours before; if that is not known either, the mean of all known steps.
std::vector<double> intensity_sums(const SeriesView& series, Instant start, Duration step, std::size_t steps);

}  // namespace carbon::planner

// SPDX-License-Identifier: Apache-2.0
// The least integral of a window of fixed length that slides over a step function. As a function of the window's start the
// integral is piecewise linear, and it bends only where the window's start or its end crosses an edge: so the least value lies at
// one of these starts, or at an end of the range.
#pragma once

#include <optional>

#include "core/series.h"

namespace carbon::policies {

// Two integrals that differ by less than this share are equal: prefix sums round, and a job does not wait for nothing.
inline constexpr double kTie = 1e-9;

struct Window {
  Instant start;
  double gram_seconds_per_kwh = 0;  // integral over [start, start + length)
};

// The window at `start`, where the series covers it whole.
std::optional<Window> window_at(const SeriesView& series, Instant start, Duration length);

// The earliest of the least windows with a start in [earliest, latest]; none where the series covers no such window whole.
// O(edges in the range), no allocation.
std::optional<Window> least_window(const SeriesView& series, Duration length, Instant earliest, Instant latest);

}  // namespace carbon::policies

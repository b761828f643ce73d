// SPDX-License-Identifier: Apache-2.0
// Sliding-window minimum: the least integral of a window of fixed length over a step function. The integral is piecewise linear
// in the window's start and bends only where the window's start or end crosses an edge, so the minimum is at one of these starts
// or at an end of the range.
#pragma once

#include <optional>

#include "core/series.h"

namespace carbon::policies {

// Integrals that differ by less than this share count as equal: prefix sums are rounded, and a job must not wait for no gain.
inline constexpr double kTie = 1e-9;

struct Window {
  Instant start;
  double gram_seconds_per_kwh = 0;  // integral over [start, start + length)
};

// The window at `start`; none if the series does not cover it entirely.
std::optional<Window> window_at(const SeriesView& series, Instant start, Duration length);

// The earliest of the least windows with a start in [earliest, latest]; none if the series covers no such window entirely.
// O(edges in the range), no allocation.
std::optional<Window> least_window(const SeriesView& series, Duration length, Instant earliest, Instant latest);

}  // namespace carbon::policies

// SPDX-License-Identifier: Apache-2.0
// Merges layers of intervals by priority: each layer fills only the gaps that earlier layers left in a window.
//
// ledger/store/merge_intensities also merges intervals, but by origin (measured before forecast) and with a list of the
// times whose value changed; here only the order of the layers counts.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/series.h"

namespace carbon::grid_feeds {

class Timeline {
 public:
  explicit Timeline(Interval window) : window_(window) {}

  struct Segment {
    IntensityPoint point;
    std::size_t source;  // as given to fill()
  };

  // Adds the next layer. `points` are in ascending order and do not overlap; they are clipped to the remaining gaps. `source`: a
  // number of the caller's, kept in the segments.
  void fill(std::span<const IntensityPoint> points, std::size_t source);
  const std::vector<Segment>& segments() const { return segments_; }
  std::vector<Interval> gaps() const;

 private:
  Interval window_;
  std::vector<Segment> segments_;
};

}  // namespace carbon::grid_feeds

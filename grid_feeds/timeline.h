// SPDX-License-Identifier: Apache-2.0
// A window of time that is filled layer by layer: what an earlier layer covers, a later one does not touch.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/series.h"

namespace carbon::grid_feeds {

class Timeline {
 public:
  explicit Timeline(Interval window) : window_(window) {}

  // A point and whose it is: the number that its layer was filled with.
  struct Laid {
    IntensityPoint point;
    std::size_t layer;
  };

  // `points` in ascending order without overlap; they are cut to the holes that are left.
  void fill(std::span<const IntensityPoint> points, std::size_t layer);
  const std::vector<Laid>& laid() const { return laid_; }
  std::vector<Interval> holes() const;

 private:
  Interval window_;
  std::vector<Laid> laid_;
};

}  // namespace carbon::grid_feeds

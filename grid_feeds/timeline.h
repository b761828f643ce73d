// SPDX-License-Identifier: Apache-2.0
// A window of time that is filled layer by layer: what an earlier layer covers, a later one does not touch.
#pragma once

#include <span>
#include <vector>

#include "core/series.h"

namespace carbon::feeds {

class Timeline {
 public:
  explicit Timeline(Interval window) : window_(window) {}

  // `points` in ascending order without overlap; they are cut to the holes that are left.
  void fill(std::span<const IntensityPoint> points);
  const std::vector<IntensityPoint>& points() const { return points_; }
  std::vector<Interval> holes() const;

 private:
  Interval window_;
  std::vector<IntensityPoint> points_;
};

}  // namespace carbon::feeds

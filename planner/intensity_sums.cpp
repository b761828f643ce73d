// SPDX-License-Identifier: Apache-2.0
#include "planner/intensity_sums.h"

namespace carbon::planner {

std::vector<double> intensity_sums(const SeriesView& series, Instant start, Duration step, std::size_t steps) {
  const auto day = static_cast<std::size_t>(std::chrono::hours(24) / step);
  std::vector<double> value(steps, -1.0);  // integral over each step; negative: not known
  double sum = 0;
  std::size_t known = 0;
  for (std::size_t i = 0; i < steps; ++i) {
    const Instant from = start + step * static_cast<std::int64_t>(i);
    const auto window = series.integrate(from, from + step);
    if (window.covered == step)
      value[i] = window.gram_seconds_per_kwh;
    else if (i >= day)
      value[i] = value[i - day];
    if (value[i] >= 0) sum += value[i], ++known;
  }
  const double mean = known > 0 ? sum / static_cast<double>(known) : 0.0;
  std::vector<double> sums(steps + 1, 0.0);
  for (std::size_t i = 0; i < steps; ++i) sums[i + 1] = sums[i] + (value[i] >= 0 ? value[i] : mean);
  return sums;
}

}  // namespace carbon::planner

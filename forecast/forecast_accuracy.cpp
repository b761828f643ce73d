// SPDX-License-Identifier: Apache-2.0
#include "forecast/forecast_accuracy.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace carbon::forecast {
namespace {
using namespace std::chrono_literals;

constexpr std::array<Duration, 9> kEdges{0h, 1h, 3h, 6h, 12h, 24h, 48h, 72h, 168h};

struct Sums {
  std::size_t count = 0, share_count = 0;
  double abs = 0, bias = 0, share = 0;
  std::vector<double> ratio;  // actual / forecast

  void add(double forecast, double actual) {
    ++count;
    abs += std::abs(forecast - actual);
    bias += forecast - actual;
    if (actual > 1.0) {
      share += std::abs(forecast - actual) / actual;
      ++share_count;
    }
    if (forecast > 0) ratio.push_back(actual / forecast);
  }
};

double quantile(std::vector<double>& values, double q) {
  if (values.empty()) return 1.0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

const HorizonError* FeedAccuracy::at(Duration ahead) const {
  const auto found =
      std::find_if(horizons.begin(), horizons.end(), [ahead](const auto& h) { return h.from <= ahead && ahead < h.to; });
  return found == horizons.end() ? nullptr : &*found;
}

std::vector<HorizonError> measure_accuracy(std::span<const Issue> issues, const SeriesView& actual) {
  std::array<Sums, kEdges.size() - 1> sums;
  for (const auto& issue : issues) {
    for (const auto& point : issue.points) {
      if (point.origin == Origin::kActual || point.when.end <= issue.known_at) continue;
      const auto ahead = std::max<Duration>(point.when.start - issue.known_at, 0h);
      const auto bucket = static_cast<std::size_t>(std::upper_bound(kEdges.begin(), kEdges.end(), ahead) - kEdges.begin());
      const auto measured = actual.integrate(point.when.start, point.when.end);
      if (bucket == kEdges.size() || measured.covered < point.when.length()) continue;
      sums[bucket - 1].add(point.value.value(), measured.mean()->value());
    }
  }
  std::vector<HorizonError> errors;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    auto& sum = sums[i];
    if (sum.count == 0) continue;
    const auto n = static_cast<double>(sum.count);
    errors.push_back({kEdges[i], kEdges[i + 1], sum.count, GramsPerKwh(sum.abs / n), GramsPerKwh(sum.bias / n),
                      sum.share_count > 0 ? sum.share / static_cast<double>(sum.share_count) : 0.0, quantile(sum.ratio, 0.1),
                      quantile(sum.ratio, 0.9)});
  }
  return errors;
}

}  // namespace carbon::forecast

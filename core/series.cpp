// SPDX-License-Identifier: Apache-2.0
#include "core/series.h"

#include <algorithm>
#include <cmath>

#include "core/time.h"

namespace carbon::inline core {

std::string_view to_string(Signal s) { return s == Signal::kAverage ? "average" : "marginal"; }
std::string_view to_string(Emissions e) { return e == Emissions::kLifecycle ? "lifecycle" : "direct"; }
std::string_view to_string(Boundary b) { return b == Boundary::kConsumption ? "consumption" : "production"; }

std::string_view to_string(Origin o) {
  switch (o) {
    case Origin::kActual: return "actual";
    case Origin::kForecast: return "forecast";
    case Origin::kOwnForecast: return "own-forecast";
    case Origin::kYearlyFactor: return "yearly-factor";
  }
  return "unknown";
}

std::optional<GramsPerKwh> WindowIntegral::mean() const {
  if (covered <= Duration::zero()) return std::nullopt;
  return GramsPerKwh(gram_seconds_per_kwh / seconds(covered));
}

std::optional<GramsPerKwh> SeriesView::value(std::size_t i) const {
  const auto covered = covered_[i + 1] - covered_[i];
  if (covered == 0) return std::nullopt;
  return GramsPerKwh((integral_[i + 1] - integral_[i]) * 1000.0 / static_cast<double>(covered));
}

std::size_t SeriesView::find(Instant t) const {
  const std::int64_t ms = unix_ms(t);
  // Most series have equal steps, so the proportional guess is right or off by one; otherwise use a binary search.
  const std::size_t n = size();
  const auto span = static_cast<double>(edge_.back() - edge_.front());
  auto guess = static_cast<std::size_t>(static_cast<double>(ms - edge_.front()) / span * static_cast<double>(n));
  guess = std::min(guess, n - 1);
  if (edge_[guess] <= ms && ms < edge_[guess + 1]) return guess;
  if (guess > 0 && edge_[guess - 1] <= ms && ms < edge_[guess]) return guess - 1;
  if (guess + 1 < n && edge_[guess + 1] <= ms && ms < edge_[guess + 2]) return guess + 1;
  return static_cast<std::size_t>(std::upper_bound(edge_.begin(), edge_.end(), ms) - edge_.begin()) - 1;
}

std::optional<GramsPerKwh> SeriesView::at(Instant t) const {
  if (empty() || t < start() || t >= end()) return std::nullopt;
  return value(find(t));
}

SeriesView::Sums SeriesView::sums_at(std::int64_t t) const {
  if (t <= edge_.front()) return {0.0, 0.0};
  if (t >= edge_.back()) return {integral_.back(), static_cast<double>(covered_.back())};
  const std::size_t i = find(from_unix_ms(t));
  const double share = static_cast<double>(t - edge_[i]) / static_cast<double>(edge_[i + 1] - edge_[i]);
  return {integral_[i] + share * (integral_[i + 1] - integral_[i]),
          static_cast<double>(covered_[i]) + share * static_cast<double>(covered_[i + 1] - covered_[i])};
}

WindowIntegral SeriesView::integrate(Instant from, Instant to) const {
  if (empty() || to <= from) return {};
  const Sums a = sums_at(unix_ms(from));
  const Sums b = sums_at(unix_ms(to));
  return {b.integral - a.integral, Duration(std::llround(b.covered_ms - a.covered_ms))};
}

Result<IntensitySeries> IntensitySeries::make(SeriesMeta meta, std::vector<IntensityPoint> points) {
  IntensitySeries s;
  s.meta_ = std::move(meta);
  s.points_ = std::move(points);
  const auto n = s.points_.size();
  if (n == 0) return s;
  const auto fail = [&s](const IntensityPoint& p, const std::string& what) {
    return Error{s.meta_.provider + " " + s.meta_.zone + ": value at " + format_utc(p.when.start) + " " + what};
  };
  s.edge_.reserve(n + 1);
  s.integral_.reserve(n + 1);
  s.covered_.reserve(n + 1);
  s.edge_.push_back(unix_ms(s.points_.front().when.start));
  s.integral_.push_back(0.0);
  s.covered_.push_back(0);
  for (const auto& p : s.points_) {
    const auto start = unix_ms(p.when.start), end = unix_ms(p.when.end);
    if (end <= start) return fail(p, "ends before it starts");
    if (start < s.edge_.back()) return fail(p, "overlaps the value before it");
    if (!std::isfinite(p.value.value())) return fail(p, "is not a finite number");
    if (start > s.edge_.back()) {
      s.edge_.push_back(start);
      s.integral_.push_back(s.integral_.back());
      s.covered_.push_back(s.covered_.back());
    }
    s.edge_.push_back(end);
    s.integral_.push_back(s.integral_.back() + p.value.value() * static_cast<double>(end - start) / 1000.0);
    s.covered_.push_back(s.covered_.back() + (end - start));
  }
  return s;
}

}  // namespace carbon::inline core

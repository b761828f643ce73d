// SPDX-License-Identifier: Apache-2.0
// A time series of carbon intensity: a step function with gaps, and its exact integral in O(log n) by prefix sums.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "core/units.h"

namespace carbon::inline core {

// What a series measures. Series that differ in one of these must not be mixed or compared without a note.
enum class Signal : std::uint8_t { kAverage, kMarginal };
enum class Emissions : std::uint8_t { kLifecycle, kDirect };
enum class Boundary : std::uint8_t { kConsumption, kProduction };
// How a value was obtained, from best to worst.
enum class Origin : std::uint8_t { kActual, kForecast, kOwnForecast, kYearlyFactor };

std::string_view to_string(Signal s);
std::string_view to_string(Emissions e);
std::string_view to_string(Boundary b);
std::string_view to_string(Origin o);

struct SeriesKind {
  Signal signal = Signal::kAverage;
  Emissions emissions = Emissions::kLifecycle;
  Boundary boundary = Boundary::kConsumption;
  bool operator==(const SeriesKind&) const = default;
};

struct SeriesMeta {
  std::string zone;      // the provider's name of the grid zone
  std::string provider;  // "gb-neso", "replay", ...
  SeriesKind kind;
  Instant issued{};        // when the provider published it
  bool simulated = false;  // not from a real grid; every output says so
};

// Prediction interval of a forecast: 10 % of the measured values were below p10 and 10 % above p90.
struct ForecastBand {
  GramsPerKwh p10, p90;
};

// One value, valid over [start, end).
struct IntensityPoint {
  Interval when;
  GramsPerKwh value;
  Origin origin = Origin::kActual;
  std::optional<ForecastBand> band = {};  // none: not a forecast, or too little is known of its errors
};

// The part of a window for which values are known.
struct WindowIntegral {
  double gram_seconds_per_kwh = 0;  // integral of g/kWh over the covered part, in g/kWh x s
  Duration covered{0};
  // Mean over the covered part; none if nothing is covered: missing is not zero.
  std::optional<GramsPerKwh> mean() const;
};

// A read-only view of a series; an IntensitySeries or a snapshot owns the arrays and must outlive it. Cheap to copy.
// Segment i covers [edge[i], edge[i+1]). A gap is a segment that adds nothing to `covered`.
class SeriesView {
 public:
  SeriesView() = default;
  // edge: n+1 ascending unix ms; integral, covered: n+1 running sums (g/kWh x s, and ms) that start at 0.
  SeriesView(std::span<const std::int64_t> edge, std::span<const double> integral, std::span<const std::int64_t> covered)
      : edge_(edge), integral_(integral), covered_(covered) {}

  bool empty() const { return edge_.size() < 2; }
  std::size_t size() const { return empty() ? 0 : edge_.size() - 1; }
  Instant start() const { return from_unix_ms(edge_.front()); }  // precondition: !empty()
  Instant end() const { return from_unix_ms(edge_.back()); }
  Interval segment(std::size_t i) const { return {from_unix_ms(edge_[i]), from_unix_ms(edge_[i + 1])}; }
  std::optional<GramsPerKwh> value(std::size_t i) const;  // none in a gap
  std::optional<GramsPerKwh> at(Instant t) const;         // none in a gap or outside
  WindowIntegral integrate(Instant from, Instant to) const;
  std::span<const std::int64_t> edges() const { return edge_; }
  std::span<const double> integrals() const { return integral_; }
  std::span<const std::int64_t> covered() const { return covered_; }
  // Index of the segment that contains t; precondition: start() <= t < end().
  std::size_t find(Instant t) const;

 private:
  struct Sums {
    double integral;
    double covered_ms;
  };
  Sums sums_at(std::int64_t t) const;

  std::span<const std::int64_t> edge_;
  std::span<const double> integral_;
  std::span<const std::int64_t> covered_;
};

class IntensitySeries {
 public:
  IntensitySeries() = default;
  // `points` are in ascending order and do not overlap; time between them becomes a gap. An error for an empty or reversed
  // interval, an overlap, or a value that is not finite. (grid_feeds checks range and plausibility.)
  static Result<IntensitySeries> make(SeriesMeta meta, std::vector<IntensityPoint> points);

  const SeriesMeta& meta() const { return meta_; }
  const std::vector<IntensityPoint>& points() const { return points_; }
  SeriesView view() const { return {edge_, integral_, covered_}; }
  std::span<const std::int64_t> edges() const { return edge_; }
  std::span<const double> integrals() const { return integral_; }
  std::span<const std::int64_t> covered() const { return covered_; }

 private:
  SeriesMeta meta_;
  std::vector<IntensityPoint> points_;
  std::vector<std::int64_t> edge_;
  std::vector<double> integral_;
  std::vector<std::int64_t> covered_;
};

}  // namespace carbon::inline core

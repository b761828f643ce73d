// SPDX-License-Identifier: Apache-2.0
#include "policies/sliding_window.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace carbon::policies {
namespace {

// Running sums up to a moment that only moves forward. Both sums are exact in time; a gap adds to neither.
class Cursor {
 public:
  Cursor(const SeriesView& series, std::int64_t at)
      : edge_(series.edges()), integral_(series.integrals()), covered_(series.covered()), segment_(last_before(series, at)) {}

  // Precondition: edge of the current segment <= at <= end of the series.
  void move_to(std::int64_t at) {
    at_ = at;
    while (segment_ + 2 < edge_.size() && edge_[segment_ + 1] <= at) ++segment_;
  }
  double integral() const {
    const double share = static_cast<double>(at_ - edge_[segment_]) / static_cast<double>(edge_[segment_ + 1] - edge_[segment_]);
    return integral_[segment_] + share * (integral_[segment_ + 1] - integral_[segment_]);
  }
  std::int64_t covered() const {
    const bool gap = covered_[segment_ + 1] == covered_[segment_];
    return covered_[segment_] + (gap ? 0 : at_ - edge_[segment_]);
  }
  // The next moment at which the sums bend.
  std::int64_t next_edge() const { return edge_[segment_ + 1]; }

 private:
  static std::size_t last_before(const SeriesView& series, std::int64_t at) {
    return at >= unix_ms(series.end()) ? series.size() - 1 : series.find(from_unix_ms(at));
  }

  std::span<const std::int64_t> edge_;
  std::span<const double> integral_;
  std::span<const std::int64_t> covered_;
  std::size_t segment_;
  std::int64_t at_ = 0;
};

// The least of the windows so far; a later one counts only where it is truly less.
class Least {
 public:
  void consider(std::int64_t start, double integral) {
    if (integral >= limit_) return;
    start_ = start;
    integral_ = integral;
    limit_ = integral * (1 - kTie);
  }
  std::optional<Window> window() const {
    if (limit_ == kNone) return std::nullopt;
    return Window{from_unix_ms(start_), integral_};
  }

 private:
  static constexpr double kNone = std::numeric_limits<double>::infinity();
  std::int64_t start_ = 0;
  double integral_ = 0, limit_ = kNone;
};

// Starts in [first, last] and a length: the windows end within the series.
struct Range {
  std::int64_t first, last, span;
};

std::optional<Window> least_of_any(const SeriesView& series, const Range& range) {
  Least least;
  Cursor head(series, range.first), tail(series, range.first + range.span);
  for (std::int64_t start = range.first;;) {
    head.move_to(start);
    tail.move_to(start + range.span);
    if (tail.covered() - head.covered() == range.span) least.consider(start, tail.integral() - head.integral());
    if (start == range.last) return least.window();
    start = std::min({head.next_edge(), tail.next_edge() - range.span, range.last});
  }
}

// A series without a gap, in segments of one length, over all windows of a range: what most feeds give. The bends lie in two even
// rows there, and each costs a few operations in place of a walk: a submission to many sites waits for nothing else.
class EvenPart {
 public:
  static std::optional<EvenPart> of(const SeriesView& series, const Range& range) {
    const auto edge = series.edges();
    const auto covered = series.covered();
    const auto from = series.find(from_unix_ms(range.first));
    const auto step = edge[from + 1] - edge[from];
    const auto segments = static_cast<std::size_t>((range.last + range.span - edge[from] + step - 1) / step);
    if (segments > series.size() - from) return std::nullopt;
    if (covered[from + segments] - covered[from] != static_cast<std::int64_t>(segments) * step) return std::nullopt;
    std::int64_t uneven = 0;
    for (std::size_t i = from; i < from + segments; ++i) uneven |= (edge[i + 1] - edge[i]) ^ step;
    if (uneven != 0) return std::nullopt;
    return EvenPart(edge[from], step, series.integrals().data() + from);
  }

  Window least(const Range& range) const {
    // The window of the start k x step ends `over` after the edge k + whole.
    const auto whole = (range.span - 1) / step_, over = range.span - whole * step_;
    const double share = share_of(over);
    Least least;
    least.consider(range.first, up_to(range.first + range.span) - up_to(range.first));
    for (std::int64_t k = (range.first - start_) / step_, edge = start_ + k * step_;; ++k) {
      const auto ends_at_edge = edge + step_ - over;
      if (ends_at_edge > range.first && ends_at_edge < range.last) {
        least.consider(ends_at_edge, sum_[k + whole + 1] - between(k, 1 - share));
      }
      edge += step_;
      if (edge >= range.last) break;
      least.consider(edge, between(k + 1 + whole, share) - sum_[k + 1]);
    }
    least.consider(range.last, up_to(range.last + range.span) - up_to(range.last));
    return *least.window();
  }

 private:
  EvenPart(std::int64_t start, std::int64_t step, const double* sum) : start_(start), step_(step), sum_(sum) {}
  double share_of(std::int64_t part) const { return static_cast<double>(part) / static_cast<double>(step_); }
  double between(std::int64_t k, double share) const { return sum_[k] + share * (sum_[k + 1] - sum_[k]); }
  // Precondition: start < at <= end of the part, or at == start.
  double up_to(std::int64_t at) const {
    const auto k = std::max<std::int64_t>(at - start_ - 1, 0) / step_;
    return between(k, share_of(at - start_ - k * step_));
  }

  std::int64_t start_, step_;
  const double* sum_;  // from `start_` on
};

}  // namespace

std::optional<Window> window_at(const SeriesView& series, Instant start, Duration length) {
  return least_window(series, length, start, start);
}

std::optional<Window> least_window(const SeriesView& series, Duration length, Instant earliest, Instant latest) {
  if (series.empty() || length < Duration::zero()) return std::nullopt;
  const std::int64_t span = length.count();
  const Range range{std::max(unix_ms(earliest), unix_ms(series.start())), std::min(unix_ms(latest), unix_ms(series.end()) - span),
                    span};
  if (range.first > range.last) return std::nullopt;
  if (span > 0 && range.first < range.last) {  // of a single start the walk is shorter
    if (const auto even = EvenPart::of(series, range)) return even->least(range);
  }
  return least_of_any(series, range);
}

}  // namespace carbon::policies

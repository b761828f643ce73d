// SPDX-License-Identifier: Apache-2.0
#include "policies/sliding_window.h"

#include <algorithm>
#include <cstdint>

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

}  // namespace

std::optional<Window> window_at(const SeriesView& series, Instant start, Duration length) {
  return least_window(series, length, start, start);
}

std::optional<Window> least_window(const SeriesView& series, Duration length, Instant earliest, Instant latest) {
  if (series.empty() || length < Duration::zero()) return std::nullopt;
  const std::int64_t span = length.count();
  const std::int64_t first = std::max(unix_ms(earliest), unix_ms(series.start()));
  const std::int64_t last = std::min(unix_ms(latest), unix_ms(series.end()) - span);
  if (first > last) return std::nullopt;

  std::optional<Window> best;
  Cursor head(series, first), tail(series, first + span);
  for (std::int64_t start = first;;) {
    head.move_to(start);
    tail.move_to(start + span);
    if (tail.covered() - head.covered() == span) {
      const double integral = tail.integral() - head.integral();
      if (!best || integral < best->gram_seconds_per_kwh * (1 - kTie)) best = Window{from_unix_ms(start), integral};
    }
    if (start == last) return best;
    start = std::min({head.next_edge(), tail.next_edge() - span, last});
  }
}

}  // namespace carbon::policies

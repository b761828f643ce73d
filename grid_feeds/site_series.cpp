// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/site_series.h"

#include <algorithm>
#include <cstdio>

#include "grid_feeds/feed_state.h"
#include "grid_feeds/timeline.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr Duration kSomethingAhead = 1h;

std::string kind_text(const SeriesKind& kind) {
  return std::string(to_string(kind.signal)) + " " + std::string(to_string(kind.emissions)) + " " +
         std::string(to_string(kind.boundary));
}

std::string factor_text(double factor) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", factor);
  return text;
}

std::vector<IntensityPoint> scaled(std::vector<IntensityPoint> points, double factor) {
  for (auto& point : points) point.value = point.value * factor;
  return points;
}

bool knows_something(const FeedView& feed) { return feed.kind && (feed.reading != nullptr || !feed.past->points().empty()); }

// Lays the entries' layers over the window on the terms of entry `base`.
class Layers {
 public:
  Layers(std::span<const FeedView> feeds, std::size_t base, Instant now, Interval window)
      : feeds_(feeds), base_(feeds[base]), now_(now), timeline_(window), notes(feeds.size()) {
    for (std::size_t i = base; i < feeds.size(); ++i) {
      if (knows_something(feeds[i])) lay(i);
    }
    timeline_.fill(base_.past->points(), base);
    timeline_.fill(base_.own->points, base);
    for (std::size_t i = 0; i < feeds.size(); ++i) {
      if (feeds[i].constant && feeds[i].reading != nullptr) timeline_.fill(feeds[i].reading->points, i);
    }
  }

  Timeline& timeline() { return timeline_; }
  bool simulated() const { return simulated_; }
  bool reaches(Duration ahead) const {
    const auto holes = timeline_.holes();
    return std::none_of(holes.begin(), holes.end(), [&](const Interval& h) { return h.start < now_ + ahead && h.end > now_; });
  }

 private:
  void lay(std::size_t i) {
    const auto& feed = feeds_[i];
    if (feed.reading == nullptr || (feed.constant && &feed != &base_)) return;
    double factor = 1.0;
    if (*feed.kind != *base_.kind) {
      const auto ratio = level_ratio(base_.past->view(), feed.past->view(), now_);
      if (!ratio) {
        notes[i] = "not used: it is " + kind_text(*feed.kind) + " and the site's series " + kind_text(*base_.kind) +
                   ", without a day in common to compare them";
        return;
      }
      factor = *ratio;
      notes[i] = "multiplied by " + factor_text(factor) + ": it is " + kind_text(*feed.kind) + " and the site's series " +
                 kind_text(*base_.kind);
    }
    simulated_ |= feed.reading->simulated;
    timeline_.fill(scaled(feed.reading->points, factor), i);
  }

  std::span<const FeedView> feeds_;
  const FeedView& base_;
  Instant now_;
  Timeline timeline_;
  bool simulated_ = false;

 public:
  std::vector<std::string> notes;
};

}  // namespace

Assembled assemble(std::span<const FeedView> feeds, const YearlyFactor& yearly, const std::string& zone, Instant now,
                   Interval window) {
  Assembled out;
  out.notes.resize(feeds.size());
  SeriesMeta meta;
  meta.zone = zone;
  meta.kind.boundary = Boundary::kProduction;  // the yearly factor's, unless an entry knows better
  Timeline timeline(window);
  bool found = false;
  for (std::size_t base = 0; base < feeds.size(); ++base) {
    if (!knows_something(feeds[base])) continue;
    Layers layers(feeds, base, now, window);
    const bool better = layers.reaches(kSomethingAhead);
    if (found && !better) continue;
    found = true;
    timeline = layers.timeline();
    out.notes = layers.notes;
    meta.provider = feeds[base].provider;
    meta.kind = *feeds[base].kind;
    meta.issued = feeds[base].issued;
    meta.simulated = layers.simulated();
    if (better) break;
  }
  if (meta.provider.empty()) meta.provider = "ember";
  const IntensityPoint everywhere{window, GramsPerKwh(yearly.grams_per_kwh), Origin::kYearlyFactor};
  timeline.fill({&everywhere, 1}, feeds.size());

  out.origin = Origin::kActual;
  std::vector<IntensityPoint> points;
  for (const auto& [point, layer] : timeline.laid()) {
    const bool ahead = point.when.end > now;
    if (ahead) out.origin = std::max(out.origin, point.origin);
    points.push_back(point);
    out.bands.push_back(ahead && layer < feeds.size()
                            ? forecast::band_of(point, feeds[layer].accuracy, feeds[layer].issued, *feeds[layer].own)
                            : std::nullopt);
  }
  // Layers are cut to each other, so what comes is in order and without overlap.
  if (auto series = IntensitySeries::make(std::move(meta), std::move(points))) out.series = std::move(series).value();
  return out;
}

}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/merge_feeds.h"

#include <algorithm>
#include <cstdio>

#include "forecast/forecast_bands.h"
#include "grid_feeds/feed_history.h"
#include "grid_feeds/timeline.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr Duration kMinimumAhead = 1h;

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

bool has_data(const FeedView& feed) { return feed.kind && (feed.reading != nullptr || !feed.past->points().empty()); }

// Merges the entries over the window, in the kind of entry `base`.
class Merge {
 public:
  Merge(std::span<const FeedView> feeds, std::size_t base, Instant now, Interval window)
      : feeds_(feeds), base_(feeds[base]), now_(now), timeline_(window), notes_(feeds.size()) {
    for (std::size_t i = base; i < feeds.size(); ++i) {
      if (has_data(feeds[i])) add_reading(i);
    }
    timeline_.fill(base_.past->points(), base);
    timeline_.fill(base_.own->points, base);
    for (std::size_t i = 0; i < feeds.size(); ++i) {
      if (feeds[i].constant && feeds[i].reading != nullptr) timeline_.fill(feeds[i].reading->points, i);
    }
  }

  const Timeline& timeline() const { return timeline_; }
  const std::vector<std::string>& notes() const { return notes_; }  // one per entry
  bool simulated() const { return simulated_; }
  // Whether all of the next `ahead` is covered.
  bool reaches(Duration ahead) const {
    const auto gaps = timeline_.gaps();
    return std::none_of(gaps.begin(), gaps.end(), [&](const Interval& g) { return g.start < now_ + ahead && g.end > now_; });
  }

 private:
  void add_reading(std::size_t i) {
    const auto& feed = feeds_[i];
    if (feed.reading == nullptr || (feed.constant && &feed != &base_)) return;
    double factor = 1.0;
    if (*feed.kind != *base_.kind) {
      const auto ratio = level_ratio(base_.past->view(), feed.past->view(), now_);
      if (!ratio) {
        notes_[i] = "not used: it is " + kind_text(*feed.kind) + " and the site's series " + kind_text(*base_.kind) +
                    ", without a day in common to compare them";
        return;
      }
      factor = *ratio;
      notes_[i] = "multiplied by " + factor_text(factor) + ": it is " + kind_text(*feed.kind) + " and the site's series " +
                  kind_text(*base_.kind);
    }
    simulated_ |= feed.reading->simulated;
    timeline_.fill(scaled(feed.reading->points, factor), i);
  }

  std::span<const FeedView> feeds_;
  const FeedView& base_;
  Instant now_;
  Timeline timeline_;
  std::vector<std::string> notes_;
  bool simulated_ = false;
};

// The first entry with data whose merge covers the next hour, else the first with data; none if no entry has any.
std::optional<std::pair<Merge, const FeedView*>> best_merge(std::span<const FeedView> feeds, Instant now, Interval window) {
  std::optional<std::pair<Merge, const FeedView*>> first;
  for (std::size_t base = 0; base < feeds.size(); ++base) {
    if (!has_data(feeds[base])) continue;
    Merge merge(feeds, base, now, window);
    if (merge.reaches(kMinimumAhead)) return std::pair(std::move(merge), &feeds[base]);
    if (!first) first.emplace(std::move(merge), &feeds[base]);
  }
  return first;
}

void append_note(std::string& text, const std::string& note) {
  if (!note.empty()) text += (text.empty() ? "" : "; ") + note;
}

}  // namespace

SiteSeries merge_feeds(std::span<const FeedView> feeds, const YearlyFactor& yearly, const std::string& zone, Instant now,
                       Interval window) {
  SiteSeries out;
  for (const auto& feed : feeds) out.feeds.push_back(*feed.status);
  SeriesMeta meta;
  meta.zone = zone;
  meta.provider = "ember";
  meta.kind.boundary = Boundary::kProduction;  // of the yearly factor
  Timeline timeline(window);
  if (const auto best = best_merge(feeds, now, window)) {
    const auto& [merge, base] = *best;
    timeline = merge.timeline();
    meta.provider = base->status->provider;
    meta.kind = *base->kind;
    meta.issued = base->status->last_good;
    meta.simulated = merge.simulated();
    for (std::size_t i = 0; i < feeds.size(); ++i) append_note(out.feeds[i].note, merge.notes()[i]);
  }
  const IntensityPoint everywhere{window, GramsPerKwh(yearly.grams_per_kwh), Origin::kYearlyFactor};
  timeline.fill({&everywhere, 1}, feeds.size());

  out.origin = Origin::kActual;
  std::vector<IntensityPoint> points;
  for (const auto& [segment, source] : timeline.segments()) {
    auto& point = points.emplace_back(segment);
    if (point.when.end <= now) continue;
    out.origin = std::max(out.origin, point.origin);
    if (source >= feeds.size()) continue;
    const auto& feed = feeds[source];
    point.band = forecast::band_of(point, feed.accuracy, feed.status->last_good, *feed.own);
  }
  // The timeline's segments are in order and do not overlap, so this cannot fail.
  if (auto series = IntensitySeries::make(std::move(meta), std::move(points))) out.series = std::move(series).value();
  return out;
}

}  // namespace carbon::grid_feeds

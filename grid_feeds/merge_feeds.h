// SPDX-License-Identifier: Apache-2.0
// Merges what all entries of a site's fallback chain know into one series: providers in order, then the past of the first usable
// one, our own forecast from that past, and the country's yearly factor.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "forecast/own_forecast.h"
#include "grid_feeds/provider.h"
#include "grid_feeds/site_series.h"
#include "grid_feeds/yearly_factors.h"

namespace carbon::grid_feeds {

inline const forecast::OwnForecast kNoOwnForecast{};

// One entry of the chain as of now. Nothing is owned.
struct FeedView {
  const FeedStatus* status = nullptr;                     // required
  bool constant = false;                                  // a factor from carbon.conf: fills remaining gaps, whatever its kind
  const Reading* reading = nullptr;                       // null: no valid answer yet
  std::optional<SeriesKind> kind;                         // of the reading, else of the past
  const IntensitySeries* past = nullptr;                  // required
  const forecast::OwnForecast* own = &kNoOwnForecast;     // made from `past`
  std::span<const forecast::FeedAccuracy> accuracy = {};  // of its forecasts
};

// Series of different kinds are not mixed. The first entry with data sets the kind. An entry of another kind is scaled by the
// ratio of the two levels if both cover at least one day in common (a note says so). Otherwise it is used only if the first entry
// has nothing for the next hour, and then alone. Fills SiteSeries::series, origin and feeds.
SiteSeries merge_feeds(std::span<const FeedView> feeds, const YearlyFactor& yearly, const std::string& zone, Instant now,
                       Interval window);

}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
// One series for a site out of all that its chain knows: providers in order, their own past, the own forecast, the yearly factor.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "forecast/forecast_accuracy.h"
#include "forecast/forecast_bands.h"
#include "grid_feeds/provider.h"
#include "grid_feeds/yearly_factors.h"

namespace carbon::grid_feeds {

inline const forecast::OwnForecast kNoOwnForecast{};

// One entry of the chain, as it stands now.
struct FeedView {
  std::string_view provider;
  bool constant = false;             // a factor that the administrator gave: fills what is left, whatever its kind
  const Reading* reading = nullptr;  // not owned; none where it never answered
  std::optional<SeriesKind> kind;    // of the reading, or of what is remembered
  const IntensitySeries* past = nullptr;
  const forecast::OwnForecast* own = &kNoOwnForecast;     // not owned; made of its past
  std::span<const forecast::FeedAccuracy> accuracy = {};  // of its forecasts
  Instant issued{};
};

struct Assembled {
  IntensitySeries series;
  std::vector<std::optional<forecast::ForecastBand>> bands;  // one per point
  Origin origin = Origin::kYearlyFactor;                     // the least trustworthy label of the points ahead
  std::vector<std::string> notes;  // for each entry: how its kind was dealt with; empty where there is nothing to say
};

// Kinds are not mixed: the first entry that knows anything sets the kind; another one of another kind is multiplied by the ratio
// of their levels where they have a day in common, and its note says so; else it is used only where the first has nothing ahead
// at all, and then alone.
Assembled assemble(std::span<const FeedView> feeds, const YearlyFactor& yearly, const std::string& zone, Instant now,
                   Interval window);

}  // namespace carbon::grid_feeds

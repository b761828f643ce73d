// SPDX-License-Identifier: Apache-2.0
// What the room grid_feeds delivers: one intensity series per site, with the status of the site's feeds.
#pragma once

#include <string>
#include <vector>

#include "core/series.h"
#include "core/time.h"
#include "forecast/forecast_accuracy.h"

namespace carbon::grid_feeds {

// Status of one entry of a site's fallback chain.
struct FeedStatus {
  std::string provider;
  bool ok = false;
  std::string cause{};     // if not ok: the provider's error, or why validation refused its answer; never a token
  Instant since{};         // of this status
  Instant last_good{};     // time of the last valid answer; the epoch: never
  std::string left_out{};  // values that validation dropped from that answer, and why
  std::string note{};      // other remarks: estimated values, how a different kind of series was adjusted
};

// One site's intensity over the requested window.
struct SiteSeries {
  std::string site;
  IntensitySeries series;  // no gaps; each point has its own origin, and a band if the errors of its forecast are known
  Origin origin = Origin::kYearlyFactor;         // the least reliable origin of the points ahead
  std::vector<FeedStatus> feeds;                 // one per entry of the chain, in its order
  std::vector<forecast::FeedAccuracy> accuracy;  // of each entry's forecasts and of our own from its past; updated hourly
  std::vector<std::string> events;               // log lines: each outage and each recovery once, warnings first
};

}  // namespace carbon::grid_feeds

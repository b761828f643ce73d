// SPDX-License-Identifier: Apache-2.0
// The grid feeds of all sites: each site has a chain of providers in order of preference; behind the last stand the project's
// own forecast and the yearly factor of the country, so that a site always has a labelled series ahead.
//
// carbonctld makes one and polls it each publish_interval; only what is due is asked of a provider, the rest is remembered.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/series.h"
#include "core/site.h"
#include "core/time.h"
#include "forecast/forecast_accuracy.h"
#include "forecast/forecast_bands.h"
#include "net/http.h"

namespace carbon::grid_feeds {

// How one entry of a site's chain stands.
struct FeedState {
  std::string provider;
  bool ok = false;
  std::string cause;     // why not ok: the provider's trouble, or why the gates refused its answer; never a token
  Instant since{};       // of this state
  Instant last_good{};   // last answer that was taken; the epoch: never
  std::string left_out;  // by the gates, of the answer that counts: which values and why
  std::string note;      // what else to know of it: estimates, how its kind was dealt with
};

// One site's intensity over the window that was asked for.
struct SiteSeries {
  std::string site;
  IntensitySeries series;  // without gap as far as anything is known; each point says its origin; meta().simulated as it is
  Origin origin = Origin::kYearlyFactor;  // the least trustworthy label among the points ahead: true of the whole series ahead
  // One per point of the series: the band that held 80 % of what came, of a forecast at that distance; none where too little is
  // known of how its maker does.
  std::vector<std::optional<forecast::ForecastBand>> bands;
  std::vector<FeedState> feeds;  // one per entry of the chain, in its order
  std::vector<forecast::FeedAccuracy>
      accuracy;                   // of each entry's forecasts, and of the own ones made of its past; renewed each hour
  std::vector<std::string> news;  // lines for the log: each outage and each recovery once, warnings first
};

struct FeedEnvironment {
  net::HttpTransport* transport = nullptr;   // not owned; used from the thread that calls poll()
  std::filesystem::path state_dir;           // history and forecasts as issued; empty: kept in memory only
  std::filesystem::path secrets_file;        // carbon-secrets.conf; need not exist where no provider needs a token
  std::uint64_t seed = 0;                    // of the back-off's jitter
  std::chrono::milliseconds timeout{10000};  // of one request
};

class GridFeeds {
 public:
  // Checks every provider name, option and token; the error names the file and line. Does no network I/O.
  static Result<std::unique_ptr<GridFeeds>> make(std::span<const Site> sites, const FeedEnvironment& environment);
  virtual ~GridFeeds() = default;

  // One SiteSeries per site, in the order of make(). `window` holds `now`: some hours of the past, so that corrected values
  // come through, and the horizon ahead. Blocks while providers answer, at most the time-outs of what is due.
  virtual std::vector<SiteSeries> poll(Instant now, Interval window) = 0;
};

}  // namespace carbon::grid_feeds

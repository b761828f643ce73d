// SPDX-License-Identifier: Apache-2.0
// The grid feeds of all sites. Each site has a fallback chain: its providers in order of preference, then our own forecast, then
// the country's yearly factor, so every site always has a series with a known origin.
//
// carbonctld makes one object and polls it every publish_interval. Only requests that are due are sent.
#pragma once

#include <filesystem>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/site.h"
#include "core/time.h"
#include "forecast/forecast_log.h"
#include "grid_feeds/fetcher.h"
#include "grid_feeds/secrets.h"
#include "grid_feeds/site_series.h"
#include "grid_feeds/tracked_feed.h"
#include "net/http.h"

namespace carbon::grid_feeds {

struct FeedEnvironment {
  net::HttpTransport* transport = nullptr;   // not owned; used by the thread that calls poll()
  std::filesystem::path state_dir;           // for the log of forecasts; empty: kept in memory only
  std::filesystem::path secrets_file;        // carbon-secrets.conf; may be missing if no provider needs a token
  std::uint64_t seed = 0;                    // of the back-off's jitter
  std::chrono::milliseconds timeout{10000};  // of one request
};

class GridFeeds {
 public:
  // Checks every provider name, option and token; an error names file and line. No network I/O.
  static Result<std::unique_ptr<GridFeeds>> make(std::span<const Site> sites, const FeedEnvironment& environment);

  // One SiteSeries per site, in the order given to make(). `window` contains `now`: some hours of the past, for corrected values,
  // and the horizon ahead. Blocks while providers answer, at most for the timeouts of the requests that are due.
  std::vector<SiteSeries> poll(Instant now, Interval window);

 private:
  struct FallbackChain {  // of one site
    std::string site;
    std::string zone;
    std::vector<TrackedFeed*> feeds;  // in order of preference
  };

  explicit GridFeeds(const FeedEnvironment& environment);
  Status add(const Site& site, const Secrets& secrets);
  TrackedFeed* find_or_add(Feed feed);
  void refresh_all(Instant now, Interval window);
  void score_all(Instant now);
  static SiteSeries series_of(const FallbackChain& chain, Instant now, Interval window);

  FeedEnvironment environment_;
  std::unique_ptr<forecast::ForecastLog> log_;
  Fetcher fetcher_;
  std::list<TrackedFeed> feeds_;  // a list: chains point into it
  std::vector<FallbackChain> sites_;
  Instant scored_hour_ = Instant::min();  // hour of the last score_all()
  std::size_t first_ = 0;                 // feed that goes first: a provider's hourly budget may not suffice for all sites
};

}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/grid_feeds.h"

#include <algorithm>

#include "grid_feeds/merge_feeds.h"
#include "grid_feeds/parse/point_series.h"
#include "grid_feeds/yearly_factors.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

bool same_data(const Feed& a, const Feed& b) { return a.provider == b.provider && a.zone == b.zone && a.options == b.options; }

}  // namespace

Result<std::unique_ptr<GridFeeds>> GridFeeds::make(std::span<const Site> sites, const FeedEnvironment& environment) {
  const auto secrets = load_secrets(environment.secrets_file);
  if (!secrets) return secrets.error();
  std::unique_ptr<GridFeeds> feeds(new GridFeeds(environment));
  for (const auto& site : sites) {
    if (const auto added = feeds->add(site, *secrets); !added) return added.error();
  }
  return Result<std::unique_ptr<GridFeeds>>(std::move(feeds));
}

GridFeeds::GridFeeds(const FeedEnvironment& environment)
    : environment_(environment),
      log_(environment.state_dir.empty() ? forecast::make_memory_log()
                                         : forecast::make_file_log(environment.state_dir / "feeds")),
      fetcher_(*environment.transport) {}

Status GridFeeds::add(const Site& site, const Secrets& secrets) {
  FallbackChain chain{site.name, site.zone, {}};
  for (const auto& choice : site.feeds) {
    auto feed = make_feed(site, choice);
    if (!feed) return feed.error();
    if (feed->provider->needs_secret) {
      const auto secret = secrets.find(feed->provider->name);
      if (secret == secrets.end()) {
        return Error{choice.where + ": provider " + choice.provider + " needs a token; accepted: " + choice.provider +
                     " = \"...\" in " +
                     (environment_.secrets_file.empty() ? "carbon-secrets.conf" : environment_.secrets_file.string())};
      }
      feed->secret = secret->second;
    }
    chain.feeds.push_back(find_or_add(std::move(feed).value()));
  }
  sites_.push_back(std::move(chain));
  return Done{};
}

TrackedFeed* GridFeeds::find_or_add(Feed feed) {
  const auto same = std::find_if(feeds_.begin(), feeds_.end(), [&](const TrackedFeed& f) { return same_data(f.feed(), feed); });
  if (same != feeds_.end()) return &*same;
  return &feeds_.emplace_back(std::move(feed), environment_.timeout, environment_.seed + feeds_.size(), *log_);
}

std::vector<SiteSeries> GridFeeds::poll(Instant now, Interval window) {
  refresh_all(now, window);
  score_all(now);
  std::vector<SiteSeries> all;
  for (const auto& chain : sites_) all.push_back(series_of(chain, now, window));
  return all;
}

void GridFeeds::refresh_all(Instant now, Interval window) {
  auto feed = feeds_.begin();
  if (!feeds_.empty()) std::advance(feed, static_cast<std::ptrdiff_t>(first_++ % feeds_.size()));
  for (std::size_t i = 0; i < feeds_.size(); ++i, ++feed) {
    if (feed == feeds_.end()) feed = feeds_.begin();
    feed->refresh(now, window, fetcher_);
  }
}

// Once an hour: it reads months of log.
void GridFeeds::score_all(Instant now) {
  const Instant hour = floor_to(now, 1h);
  if (hour == scored_hour_) return;
  scored_hour_ = hour;
  for (auto& feed : feeds_) feed.score_forecasts();
}

SiteSeries GridFeeds::series_of(const FallbackChain& chain, Instant now, Interval window) {
  std::vector<FeedView> views;
  std::vector<forecast::FeedAccuracy> accuracy;
  std::vector<std::string> events;
  std::string_view country;
  for (auto* feed : chain.feeds) {
    views.push_back(feed->view(now));
    accuracy.insert(accuracy.end(), feed->accuracy().begin(), feed->accuracy().end());
    if (country.empty()) country = feed->feed().provider->country;
    for (auto& line : feed->drain_events()) events.push_back(std::move(line));
  }
  auto site = merge_feeds(views, yearly_factor(chain.zone, country), chain.zone, now, window);
  site.site = chain.site;
  site.accuracy = std::move(accuracy);
  site.events = std::move(events);
  return site;
}

}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/fallback_chain.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cctype>
#include <list>
#include <optional>

#include "forecast/forecast_log.h"
#include "grid_feeds/feed_source.h"
#include "grid_feeds/feed_state.h"
#include "grid_feeds/parse/point_series.h"
#include "grid_feeds/secrets.h"
#include "grid_feeds/site_series.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr Duration kMorePast = 24h * 14;    // asked for while a feed's memory is short
constexpr Duration kCorrections = 24h * 2;  // asked for always: providers correct that far back

bool same_question(const Feed& a, const Feed& b) {
  return a.provider == b.provider && a.zone == b.zone && a.options == b.options;
}

// The feed's name in the log: provider, zone, and what its options make of it.
std::string log_name(const Feed& feed) {
  std::string name = std::string(feed.provider->name) + "." + feed.zone;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '-' && c != '_') c = '_';
  }
  std::string options;
  for (const auto& [key, value] : feed.options) options += key + "=" + value + "\n";
  return options.empty() ? name : name + "." + std::to_string(XXH32(options.data(), options.size(), 0));
}

// A feed, and what it said before. Sites that ask the same question share one.
struct PersistedFeed {
  PersistedFeed(FeedSource s, forecast::ForecastLog& log) : source(std::move(s)), memory(log, log_name(source.feed())) {}

  FeedSource source;
  FeedMemory memory;
  std::vector<forecast::FeedAccuracy> accuracy;
};

struct SiteChain {
  std::string name;
  std::string zone;
  std::vector<PersistedFeed*> feeds;  // in order of preference
};

class Chains final : public GridFeeds {
 public:
  explicit Chains(const FeedEnvironment& environment)
      : environment_(environment),
        log_(environment.state_dir.empty() ? forecast::make_memory_log()
                                           : forecast::make_file_log(environment.state_dir / "feeds")),
        fetcher_(*environment.transport) {}

  Status add(const Site& site, const Secrets& secrets);
  std::vector<SiteSeries> poll(Instant now, Interval window) override;

 private:
  PersistedFeed* remembered(Feed feed);
  void ask_all(Instant now, Interval window);
  void judge_all(Instant now);
  SiteSeries series_of(const SiteChain& chain, Instant now, Interval window);

  FeedEnvironment environment_;
  std::unique_ptr<forecast::ForecastLog> log_;
  Fetcher fetcher_;
  std::list<PersistedFeed> feeds_;  // a list: chains point into it
  std::vector<SiteChain> chains_;
  Instant judged_hour_ = Instant::min();  // in which judge_all() did its work
  std::size_t first_ = 0;                 // whose turn it is: a provider's hour may not suffice for all sites
};

Status Chains::add(const Site& site, const Secrets& secrets) {
  SiteChain chain{site.name, site.zone, {}};
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
    chain.feeds.push_back(remembered(std::move(feed).value()));
  }
  chains_.push_back(std::move(chain));
  return Done{};
}

PersistedFeed* Chains::remembered(Feed feed) {
  const auto same =
      std::find_if(feeds_.begin(), feeds_.end(), [&](const PersistedFeed& r) { return same_question(r.source.feed(), feed); });
  if (same != feeds_.end()) return &*same;
  return &feeds_.emplace_back(FeedSource(std::move(feed), environment_.timeout, environment_.seed + feeds_.size()), *log_);
}

void Chains::ask_all(Instant now, Interval window) {
  auto feed = feeds_.begin();
  if (!feeds_.empty()) std::advance(feed, static_cast<std::ptrdiff_t>(first_++ % feeds_.size()));
  for (std::size_t i = 0; i < feeds_.size(); ++i, ++feed) {
    if (feed == feeds_.end()) feed = feeds_.begin();
    auto& [source, memory, _] = *feed;
    const bool has_past = source.feed().provider->has_past;
    const Duration past = !has_past ? Duration(0) : memory.wants_more_past(now) ? kMorePast : kCorrections;
    const bool taken = source.refresh({now, {std::min(window.start, now - past), window.end}, {}}, fetcher_);
    const auto& reading = source.reading();
    if (!taken || !reading || !has_past) continue;
    if (const auto logged = memory.take(*reading, now); !logged) source.tell(logged.error().message);
  }
}

std::vector<SiteSeries> Chains::poll(Instant now, Interval window) {
  ask_all(now, window);
  judge_all(now);
  std::vector<SiteSeries> all;
  for (const auto& chain : chains_) all.push_back(series_of(chain, now, window));
  return all;
}

SiteSeries Chains::series_of(const SiteChain& chain, Instant now, Interval window) {
  std::vector<FeedView> views;
  SiteSeries site;
  site.site = chain.name;
  std::string_view country;
  for (auto* feed : chain.feeds) {
    auto& [source, memory, accuracy] = *feed;
    auto& view = views.emplace_back();
    view.provider = source.feed().provider->name;
    view.constant = source.feed().provider->is_constant;
    view.reading = source.reading() ? &*source.reading() : nullptr;
    view.kind = view.reading != nullptr ? std::optional(view.reading->kind) : memory.kind();
    view.past = &memory.past();
    view.issued = source.state().last_good;
    view.own = &memory.own(now);
    view.accuracy = accuracy;
    site.accuracy.insert(site.accuracy.end(), accuracy.begin(), accuracy.end());
    if (const auto logged = memory.log_own(now); !logged) source.tell(logged.error().message);
    if (country.empty()) country = source.feed().provider->country;
    site.feeds.push_back(source.state());
    for (auto& line : source.take_news()) site.news.push_back(std::move(line));
  }
  auto assembled = assemble(views, yearly_factor(chain.zone, country), chain.zone, now, window);
  for (std::size_t i = 0; i < views.size(); ++i) {
    auto& note = site.feeds[i].note;
    if (!assembled.notes[i].empty()) note += (note.empty() ? "" : "; ") + assembled.notes[i];
  }
  site.series = std::move(assembled.series);
  site.bands = std::move(assembled.bands);
  site.origin = assembled.origin;
  return site;
}

// Each feed's forecasts against what was measured: the log holds months, so once an hour.
void Chains::judge_all(Instant now) {
  const Instant hour = floor_to(now, 1h);
  if (hour == judged_hour_) return;
  judged_hour_ = hour;
  for (auto& [source, memory, accuracy] : feeds_) {
    accuracy.clear();
    const auto issues = log_->read(memory.name());
    const auto measured = memory.measured();
    if (!issues || measured.points().empty()) continue;
    for (const auto origin : {Origin::kForecast, Origin::kOwnForecast}) {
      std::vector<forecast::Issue> of_origin;
      std::copy_if(issues->begin(), issues->end(), std::back_inserter(of_origin),
                   [origin](const forecast::Issue& issue) { return issue.points.front().origin == origin; });
      auto horizons = forecast::measure_accuracy(of_origin, measured.view());
      if (!horizons.empty()) accuracy.push_back({std::string(source.feed().provider->name), origin, std::move(horizons)});
    }
  }
}

}  // namespace

Result<std::unique_ptr<GridFeeds>> GridFeeds::make(std::span<const Site> sites, const FeedEnvironment& environment) {
  const auto secrets = load_secrets(environment.secrets_file);
  if (!secrets) return secrets.error();
  auto chains = std::make_unique<Chains>(environment);
  for (const auto& site : sites) {
    if (const auto added = chains->add(site, *secrets); !added) return added.error();
  }
  return Result<std::unique_ptr<GridFeeds>>(std::move(chains));
}

}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/chain.h"

#include <algorithm>

#include "grid_feeds/feed_source.h"
#include "grid_feeds/secrets.h"
#include "grid_feeds/timeline.h"

namespace carbon::feeds {
namespace {

struct SiteChain {
  std::string name;
  std::string zone;
  std::vector<std::size_t> sources;  // indices, in order of preference
};

bool same_question(const Feed& a, const Feed& b) {
  return a.provider == b.provider && a.zone == b.zone && a.options == b.options;
}

class Chains final : public GridFeeds {
 public:
  Chains(const FeedEnvironment& environment) : fetcher_(*environment.transport), seed_(environment.seed) {}

  Status add(const Site& site, const Secrets& secrets);
  std::vector<SiteSeries> poll(Instant now, Interval window) override;

 private:
  std::size_t source_for(Feed feed);
  SiteSeries assemble(const SiteChain& chain, Instant now, Interval window);

  Fetcher fetcher_;
  std::uint64_t seed_;
  std::vector<FeedSource> sources_;
  std::vector<SiteChain> chains_;
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
                     " = \"...\" in carbon-secrets.conf"};
      }
      feed->secret = secret->second;
    }
    chain.sources.push_back(source_for(std::move(feed).value()));
  }
  chains_.push_back(std::move(chain));
  return Done{};
}

// Sites that ask the same question share its answer.
std::size_t Chains::source_for(Feed feed) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (same_question(sources_[i].feed(), feed)) return i;
  }
  sources_.emplace_back(std::move(feed), seed_ + sources_.size());
  return sources_.size() - 1;
}

std::vector<SiteSeries> Chains::poll(Instant now, Interval window) {
  for (auto& source : sources_) source.refresh({now, window, {}}, fetcher_);
  std::vector<SiteSeries> all;
  for (const auto& chain : chains_) all.push_back(assemble(chain, now, window));
  return all;
}

SiteSeries Chains::assemble(const SiteChain& chain, Instant now, Interval window) {
  SiteSeries site;
  site.site = chain.name;
  SeriesMeta meta;
  meta.zone = chain.zone;
  Timeline timeline(window);
  for (const auto index : chain.sources) {
    auto& source = sources_[index];
    site.feeds.push_back(source.state());
    for (auto& line : source.take_news()) site.news.push_back(std::move(line));
    const auto& reading = source.reading();
    if (!reading || reading->points.empty()) continue;
    if (meta.provider.empty()) {
      meta.provider = source.feed().provider->name;
      meta.kind = reading->kind;
      meta.issued = source.state().last_good;
    }
    meta.simulated |= reading->simulated;
    timeline.fill(reading->points);
  }
  bool ahead = false;
  Origin worst = Origin::kActual;
  for (const auto& point : timeline.points()) {
    if (point.when.end <= now) continue;
    ahead = true;
    worst = std::max(worst, point.origin);
  }
  if (ahead) site.origin = worst;
  auto series = IntensitySeries::make(std::move(meta), timeline.points());
  if (series) site.series = std::move(series).value();
  return site;
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

}  // namespace carbon::feeds

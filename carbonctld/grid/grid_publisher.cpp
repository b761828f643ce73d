// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/grid/grid_publisher.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "carbonctld/slurm/login_names.h"
#include "forecast/forecast_bands.h"
#include "snapshot/snapshot.h"

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPast = 24h;              // providers correct the last day
constexpr std::ptrdiff_t kPastPoints = 500;  // more than a day at 5 minutes; a replay's day may have far more
constexpr Duration kLongestPast = 30 * 24h;  // fetched after a time without a provider, or without us
constexpr std::ptrdiff_t kMostPastPoints = 10'000;
constexpr Duration kLookForUncovered = 1h;

// The sites' partitions with their limits in slurmctld. A partition unknown to slurmctld has no limits.
std::vector<PartitionRule> rules_of(const std::vector<Site>& sites, const Topology& topology) {
  std::vector<PartitionRule> out;
  for (std::size_t s = 0; s < sites.size(); ++s) {
    for (std::size_t p = 0; p < sites[s].partitions.size(); ++p) {
      const auto& name = sites[s].partitions[p];
      out.push_back({name, static_cast<std::uint32_t>(s), static_cast<std::uint32_t>(p), limits_of(topology, name, sites[s])});
    }
  }
  return out;
}

// Resolves users to uids here, so that slurmctld need not look up names. A user that is unknown now matches no rule.
PlacementRules with_uids(PlacementRules rules) {
  for (auto& rule : rules.rules) {
    for (const auto& user : rule.users) {
      if (const auto login = login_of(user)) rule.uids.push_back(login->uid);
    }
  }
  return rules;
}

std::vector<snapshot::ForecastError> errors_of(const grid_feeds::SiteSeries& site) {
  for (const auto& feed : site.accuracy) {
    if (feed.origin != site.origin || feed.provider != site.series.meta().provider) continue;
    std::vector<snapshot::ForecastError> out;
    for (const auto& h : feed.horizons) {
      if (h.count >= forecast::kEnoughForBand) out.push_back({h.to, h.low, h.high});
    }
    return out;
  }
  return {};
}

}  // namespace

std::filesystem::path snapshot_file(const config::Config& config) { return config.carbonctld.state_dir / "snapshot"; }

void GridPublisher::round(Instant now) {
  const auto from = past_from(now);
  auto all = std::make_shared<std::vector<grid_feeds::SiteSeries>>(current_series(now, from));
  for (const auto& site : *all) {
    for (const auto& line : site.events) spdlog::warn("site={} {}", site.site, line);
  }
  {
    const std::lock_guard lock(mutex_);
    count_outages(*all);
    latest_ = all;
  }
  store_past(*all, now, from);
  publish(*all, now);
  if (slurm_.refresh(now)) publish(*all, now);
}

// Counts feeds that were ok in the last round and are not now. The caller has locked mutex_.
void GridPublisher::count_outages(const std::vector<grid_feeds::SiteSeries>& all) {
  outages_.resize(all.size());
  for (std::size_t s = 0; s < all.size(); ++s) {
    outages_[s].resize(all[s].feeds.size());
    for (std::size_t f = 0; f < all[s].feeds.size(); ++f) {
      const bool was_ok = !latest_ || s >= latest_->size() || f >= (*latest_)[s].feeds.size() || (*latest_)[s].feeds[f].ok;
      if (was_ok && !all[s].feeds[f].ok) ++outages_[s][f];
    }
  }
}

std::vector<grid_feeds::SiteSeries> GridPublisher::current_series(Instant now, Instant from) {
  if (leader_ != nullptr) {
    if (auto led = leader_->fetch_grid(now, from)) return std::move(*led);
  }
  return poll_(now, {from, now + config_.carbonctld.horizon});
}

Instant GridPublisher::past_from(Instant now) {
  Instant from = now - kPast;
  const Instant earliest = now - kLongestPast;
  const bool look = now - looked_for_uncovered_ >= kLookForUncovered;
  if (look) looked_for_uncovered_ = now;
  const auto reach = [&from](const Result<std::optional<Instant>>& since) {
    if (since && *since) from = std::min<Instant>(from, std::chrono::floor<std::chrono::hours>(**since));
  };
  for (const auto& site : config_.sites) {
    reach(store_.last_measured(site.name, earliest));
    if (look) reach(store_.first_uncovered(site.name, earliest));
  }
  return std::max<Instant>(from, earliest);
}

void GridPublisher::store_past(const std::vector<grid_feeds::SiteSeries>& all, Instant now, Instant from) {
  const auto most = from < now - kPast ? kMostPastPoints : kPastPoints;
  for (const auto& site : all) {
    const auto& points = site.series.points();
    const auto ahead = std::partition_point(points.begin(), points.end(), [now](const auto& p) { return p.when.start <= now; });
    const std::span past(ahead - std::min(most, ahead - points.begin()), ahead);
    const auto due = store_.put_intensity(site.site, site.series.meta(), past);
    if (!due) {
      spdlog::error("site={} intensities not stored: {}", site.site, due.error().message);
    } else if (*due > 0) {
      spdlog::debug("site={} changed intensities restate jobs={}", site.site, *due);
    }
  }
}

void GridPublisher::publish(const std::vector<grid_feeds::SiteSeries>& all, Instant now) {
  snapshot::SnapshotContent content;
  content.published = now;
  content.max_age = config_.carbonctld.snapshot_max_age;
  content.rules = with_uids(config_.placement);
  content.cluster = config_.cluster;
  const auto settings = slurm_.settings();
  content.associations_enforced = settings && settings->associations_enforced;
  content.association_list = *slurm_.associations();
  const auto topology = slurm_.topology();
  content.partitions = rules_of(config_.sites, *topology);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& site = config_.sites[i];
    content.sites.push_back({site.name, site.pue_at(now), all[i].series.meta(), all[i].origin, all[i].series.view(),
                             site.features, site.cluster, site.transfer_kwh_per_gb});
    content.sites.back().errors = errors_of(all[i]);
    content.sites.back().fed_id = fed_id_of(*topology, site.cluster);
  }
  const auto written = snapshot::write_snapshot(snapshot_file(config_), content);
  if (!written) {
    spdlog::error("snapshot not published: {}", written.error().message);
    return;
  }
  const std::lock_guard lock(mutex_);
  published_ = now;
}

std::shared_ptr<const std::vector<grid_feeds::SiteSeries>> GridPublisher::latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

std::vector<std::vector<std::uint64_t>> GridPublisher::outages() const {
  const std::lock_guard lock(mutex_);
  return outages_;
}

Instant GridPublisher::published() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

}  // namespace carbon::carbonctld

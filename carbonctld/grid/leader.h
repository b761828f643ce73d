// SPDX-License-Identifier: Apache-2.0
// Client of the leading carbonctld of a federation, used by a follower: takes over the leader's intensity of all sites, and tells
// whether the leader plans. While the leader does not answer in time, the follower uses its own feeds and its own plan.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "grid_feeds/site_series.h"
#include "net/http.h"
#include "net/munge.h"

namespace carbon::carbonctld {

class Leader {
 public:
  // All references must outlive this.
  Leader(const config::Config& config, net::HttpTransport& transport, const net::Munge& munge)
      : config_(config), transport_(transport), munge_(munge) {}

  // One series for each site of the configuration, from `since` on. None if the leader does not answer, has no recent data
  // itself, or does not know one of the sites; logs the reason once. Called by one thread.
  std::optional<std::vector<grid_feeds::SiteSeries>> fetch_grid(Instant now, Instant since);
  // Whether the leader recently planned our jobs too. Any thread.
  bool plans(Instant now) const;

 private:
  Result<std::string> get(const std::string& target);
  Result<std::vector<grid_feeds::SiteSeries>> series(Instant since);
  Status check_health(Instant now);
  void log_once(const std::string& problem);

  const config::Config& config_;
  net::HttpTransport& transport_;
  const net::Munge& munge_;
  std::string problem_ = "not asked yet";
  mutable std::mutex mutex_;  // guards plans_until_
  Instant plans_until_{};
};

}  // namespace carbon::carbonctld

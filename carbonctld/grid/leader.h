// SPDX-License-Identifier: Apache-2.0
// The carbonctld that leads the federation, seen from one that follows: the intensity of all sites as it knows it, and whether it
// plans. Where it does not answer in time, there is none, and who follows goes its own way.
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
  // None is owned.
  Leader(const config::Config& config, net::HttpTransport& transport, const net::Munge& munge)
      : config_(config), transport_(transport), munge_(munge) {}

  // Asks it; one series for each site of the configuration, from `since` on. None: it does not answer, has nothing new itself, or
  // does not know one of the sites; the log says why, once. One thread calls it.
  std::optional<std::vector<grid_feeds::SiteSeries>> ask(Instant now, Instant since);
  // Whether it planned our jobs too of late. Any thread.
  bool plans(Instant now) const;

 private:
  Result<std::string> get(const std::string& target);
  Result<std::vector<grid_feeds::SiteSeries>> series(Instant since);
  Status look_at_health(Instant now);
  void say(const std::string& problem);

  const config::Config& config_;
  net::HttpTransport& transport_;
  const net::Munge& munge_;
  std::string problem_ = "not asked yet";
  mutable std::mutex mutex_;  // of what follows
  Instant plans_until_{};
};

}  // namespace carbon::carbonctld

// SPDX-License-Identifier: Apache-2.0
// Publishes the grid's carbon intensity: polls the feeds (or the leader), stores past values in the ledger, writes the snapshot
// that job_submit reads, and keeps the latest series for GET /v1/grid.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "carbonctld/grid/leader.h"
#include "carbonctld/slurm/slurm_state.h"
#include "config/config.h"
#include "grid_feeds/site_series.h"
#include "ledger/store/store.h"

namespace carbon::carbonctld {

std::filesystem::path snapshot_file(const config::Config& config);

class GridPublisher {
 public:
  // GridFeeds::poll: one series for each site of the configuration, in their order.
  using Poll = std::function<std::vector<grid_feeds::SiteSeries>(Instant now, Interval window)>;

  // All references must outlive this. `leader`: its grid replaces `poll` while it answers; null: there is no leader.
  GridPublisher(const config::Config& config, Poll poll, ledger::Store& store, SlurmState& slurm, Leader* leader = nullptr)
      : config_(config), poll_(std::move(poll)), store_(store), slurm_(slurm), leader_(leader) {}

  // Runs once: feeds, ledger, snapshot. Logs errors; the next run tries again. Called by one thread.
  void round(Instant now);

  // Any thread.
  std::shared_ptr<const std::vector<grid_feeds::SiteSeries>> latest() const;
  Instant published() const;
  // How often each entry of each site's fallback chain stopped answering since this process began.
  std::vector<std::vector<std::uint64_t>> outages() const;

 private:
  std::vector<grid_feeds::SiteSeries> current_series(Instant now, Instant from);
  // The start of the past to be fetched.
  Instant past_from(Instant now);
  void count_outages(const std::vector<grid_feeds::SiteSeries>& all);
  void store_past(const std::vector<grid_feeds::SiteSeries>& all, Instant now, Instant from);
  void publish(const std::vector<grid_feeds::SiteSeries>& all, Instant now);

  const config::Config& config_;
  Poll poll_;
  ledger::Store& store_;
  SlurmState& slurm_;
  Leader* leader_;
  Instant looked_for_uncovered_{};

  mutable std::mutex mutex_;  // guards the members below
  std::shared_ptr<const std::vector<grid_feeds::SiteSeries>> latest_;
  Instant published_{};
  std::vector<std::vector<std::uint64_t>> outages_;
};

}  // namespace carbon::carbonctld

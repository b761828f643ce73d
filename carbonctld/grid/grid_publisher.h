// SPDX-License-Identifier: Apache-2.0
// Keeps the grid: polls the feeds, keeps what is known of the past in the ledger, publishes the snapshot that job_submit reads,
// and holds the last series for GET /v1/grid.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "carbonctld/grid/leader.h"
#include "carbonctld/slurm/slurm_state.h"
#include "config/config.h"
#include "grid_feeds/fallback_chain.h"
#include "ledger/store/store.h"

namespace carbon::carbonctld {

std::filesystem::path snapshot_file(const config::Config& config);

class GridPublisher {
 public:
  // None is owned. `config` must outlive it. `leader`: whose grid stands in for the feeds while it answers; null: none.
  GridPublisher(const config::Config& config, grid_feeds::GridFeeds& feeds, ledger::Store& store, SlurmState& slurm,
                Leader* leader = nullptr)
      : config_(config), feeds_(feeds), store_(store), slurm_(slurm), leader_(leader) {}

  // One round: feeds, ledger, snapshot. Logs what goes wrong; the next round tries again. One thread calls it.
  void round(Instant now);

  // Any thread.
  std::shared_ptr<const std::vector<grid_feeds::SiteSeries>> latest() const;
  Instant published() const;
  // How often each entry of each site's chain stopped answering since this process began.
  std::vector<std::vector<std::uint64_t>> outages() const;

 private:
  std::vector<grid_feeds::SiteSeries> look(Instant now);
  void count_outages(const std::vector<grid_feeds::SiteSeries>& all);
  void keep_past(const std::vector<grid_feeds::SiteSeries>& all, Instant now);
  void publish(const std::vector<grid_feeds::SiteSeries>& all, Instant now);

  const config::Config& config_;
  grid_feeds::GridFeeds& feeds_;
  ledger::Store& store_;
  SlurmState& slurm_;
  Leader* leader_;

  mutable std::mutex mutex_;  // of what follows
  std::shared_ptr<const std::vector<grid_feeds::SiteSeries>> latest_;
  Instant published_{};
  std::vector<std::vector<std::uint64_t>> outages_;
};

}  // namespace carbon::carbonctld

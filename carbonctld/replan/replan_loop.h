// SPDX-License-Identifier: Apache-2.0
// The re-planning loop: reads Slurm's queue, runs a round of re-planning (replan.h), sends the changes, and keeps the view that
// `scarbon queue` shows.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "carbonctld/replan/interrupt.h"
#include "carbonctld/replan/replan.h"
#include "carbonctld/slurm/slurm_api.h"
#include "grid_feeds/site_series.h"

namespace carbon::carbonctld {

struct QueueView {
  Instant at{};  // of the last round; the epoch: none yet
  std::vector<DeferredJob> deferred;
  std::vector<std::string> clusters;             // whose jobs were planned
  std::string problem;                           // why the plan is not updated; empty: it is
  std::vector<GuaranteeStatus> guarantees = {};  // of each site
  std::vector<JobNow> running = {}, queued = {};
};

// Counts since this process started.
struct ReplanCounts {
  std::uint64_t rounds = 0;
  std::map<std::string, std::uint64_t> changes;  // that Slurm made, by reason
  std::uint64_t refused = 0;                     // by Slurm
  std::uint64_t interruptions = 0;
};

class ReplanLoop {
 public:
  using Series = std::shared_ptr<const std::vector<grid_feeds::SiteSeries>>;
  // The references must outlive this. `series`: the latest of each site; null before the first. `host`: of this process, as in
  // slurm.conf. `is_led`: another carbonctld of the federation plans for all clusters now.
  ReplanLoop(const config::Config& config, SlurmApi& slurm, std::function<Series()> series, std::string host,
             std::function<bool()> is_led)
      : config_(config),
        slurm_(slurm),
        series_(std::move(series)),
        host_(std::move(host)),
        is_led_(std::move(is_led)),
        replanner_(config) {}

  // One round; returns how long until the next. One thread calls it.
  Duration round(Instant now);
  QueueView view() const;       // any thread
  ReplanCounts counts() const;  // any thread

 private:
  bool is_standby(const SlurmQueue& queue) const;
  void plan(const SlurmQueue& queue, std::span<const SiteForecast> ahead, Instant now);
  void send(const ReplanRound& round);
  void interrupt(const InterruptRound& round);
  void set_problem(const std::string& problem);
  template <class Add>
  void count(const Add& add) {
    const std::lock_guard lock(mutex_);
    add(counts_);
  }

  const config::Config& config_;
  SlurmApi& slurm_;
  std::function<Series()> series_;
  std::string host_;
  std::function<bool()> is_led_;
  Replanner replanner_;
  mutable std::mutex mutex_;
  QueueView view_;
  ReplanCounts counts_;
};

}  // namespace carbon::carbonctld

// SPDX-License-Identifier: Apache-2.0
// The joint planner as a decider of the replay. It plans at each arrival and every 15 minutes. carbonctld differs: it plans once
// a minute, expects run times by their limits, and keeps a job where it is unless a move gains enough (carbonctld/replan).
#pragma once

#include <array>
#include <vector>

#include "planner/planner.h"
#include "planner/runtime_statistics.h"
#include "replay/baseline_projection.h"
#include "replay/requests.h"

namespace carbon::replay {

class PlannerDecider : public Decider {
 public:
  // `run_now`: the run without deferral. Only its past is used: a job that would not have started yet without the planner is not
  // late yet.
  PlannerDecider(const Trace& trace, const Setting& setting, std::span<const JobRun> run_now);

  void decide(Instant now, std::span<const std::size_t> arrived, std::vector<Decision>& decisions) override;
  void started(std::size_t job, std::size_t site, Instant now) override;
  void ended(std::size_t job, Instant now) override;
  std::optional<Instant> wake() const override;
  Duration mean_runtime_error() const override { return requests_.mean_runtime_error(); }

 private:
  Instant latest_start(std::size_t job) const;
  std::size_t class_of(std::size_t job) const { return setting_.caps.is_small(trace_.jobs[job].runtime) ? 0 : 1; }
  SeriesView series_ahead(std::size_t site, Instant now) const {
    return setting_.ahead ? setting_.ahead(site, now) : setting_.actual[site].view();
  }
  std::vector<double> transfers(const JobRequest& request, Instant now) const;
  // Renews what is known of the run times of each class.
  void learn(Instant now);

  const Trace& trace_;
  const Setting& setting_;
  BaselineProjection run_now_;
  Requests requests_;
  planner::Planner planner_;
  std::vector<planner::PlanJob> pending_;     // `id`: of the job in the trace
  std::vector<planner::RunningJob> running_;  // likewise
  std::vector<Placement> planned_;            // per job of the trace
  std::vector<Duration> max_delay_;           // per job of the trace
  std::optional<Instant> wake_;
  std::array<planner::RuntimeStatistics, 2> statistics_;  // small, large
  std::array<std::vector<planner::RuntimeAtom>, 2> runtimes_;
  std::size_t learned_from_ = 0;  // jobs that had ended when runtimes_ was made
  std::size_t ended_ = 0;
};

}  // namespace carbon::replay

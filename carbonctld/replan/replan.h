// SPDX-License-Identifier: Apache-2.0
// One round of re-planning: all deferred jobs that still wait, together, against the capacity and the forecast of this moment.
// No I/O and no clock: what Slurm told goes in, what is to be changed comes out. docs/replanning.md.
//
// What was decided stands in the job itself: its begin time, and the token in its AdminComment. A begin time that is not the
// planned one is somebody's own choice, and the job is then his for good.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "carbonctld/replan/replan_jobs.h"
#include "carbonctld/replan/replan_reason.h"
#include "config/config.h"
#include "core/units.h"
#include "planner/planner.h"
#include "policies/policy.h"

namespace carbon::carbonctld {

// A deferred job that waits for its time, for `scarbon queue`.
struct DeferredJob {
  std::string id, name, user, account, partition, mode, home, site;
  std::uint32_t uid = 0;
  double gpus = 0;  // of all its tasks that wait
  Instant submit, planned, latest, cap;
  Duration runtime{0};                        // expected
  std::optional<GramsCo2e> now_g, planned_g;  // if it began now at home, and as planned
  std::string why;
};

struct ReplanInput {
  Instant now;
  const SlurmQueue& queue;
  std::span<const SiteForecast> sites;  // each of the configuration
  bool all = false;                     // plan for the other clusters of the federation too
};

// A job that holds GPUs, or a deferred one whose time has come and that waits for them.
struct JobNow {
  std::string id, name, user, account, partition, site;
  std::uint32_t uid = 0;
  double gpus = 0;
  Instant submit, start;          // the epoch: not yet
  Instant expected_end;           // of a running one; its time limit may be later
  std::optional<Instant> latest;  // start, as its user was told
};

// How the jobs of one site stand whose users were told a latest start.
struct GuaranteeStatus {
  std::size_t queued = 0;   // their time has come, and they wait for GPUs
  std::size_t near = 0;     // deferred or queued, and the latest start is near
  std::size_t overdue = 0;  // of the queued: it has passed
};

struct ReplanChange : JobChange {
  Reason reason = Reason::kAsPlanned;
};

struct ReplanRound {
  std::vector<ReplanChange> changes;
  std::vector<DeferredJob> deferred;        // as they are once the changes are made
  std::vector<GuaranteeStatus> guarantees;  // of each site of the configuration
  std::vector<JobNow> running, queued;
};

class Replanner {
 public:
  // `config` must outlive it.
  explicit Replanner(const config::Config& config) : config_(config) {}
  ReplanRound round(const ReplanInput& input);
  // Slurm refused to send this job elsewhere: it is not tried again.
  void refused(const std::string& id) { bound_to_site_.insert(id); }

 private:
  void note_arrivals(const QueueReading& reading);

  const config::Config& config_;
  planner::Planner planner_;
  Instant last_arrival_{};  // jobs submitted later are new to the planner
  std::set<std::string> bound_to_site_;
};

}  // namespace carbon::carbonctld

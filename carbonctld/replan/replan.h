// SPDX-License-Identifier: Apache-2.0
// A round of re-planning: plans all waiting deferred jobs together, for the current capacity and forecast. No I/O and no clock:
// Slurm's queue goes in, changes come out. docs/replanning.md.
//
// The decision is stored in the job itself: in its begin time and in the token in its AdminComment. A begin time other than the
// planned one is the user's own choice; such a job is no longer re-planned.
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

// A deferred job that waits for its planned start, for `scarbon queue`.
struct DeferredJob {
  std::string id, name, user, account, partition, mode, home, site;
  std::uint32_t uid = 0;
  double gpus = 0;  // of all its waiting tasks
  Instant submit, planned, latest, cap;
  Duration runtime{0};                        // expected
  std::optional<GramsCo2e> now_g, planned_g;  // if it started now at home, and as planned
  std::string why;
};

struct ReplanInput {
  Instant now;
  const SlurmQueue& queue;
  std::span<const SiteForecast> sites;  // one for each site of the configuration
  bool all = false;                     // also plan for the other clusters of the federation
};

// A running job, or a deferred one that is past its planned start and waits for GPUs.
struct JobNow {
  std::string id, name, user, account, partition, site;
  std::uint32_t uid = 0;
  double gpus = 0;
  Instant submit, start;          // the epoch: not yet
  Instant expected_end;           // of a running job; its time limit may be later
  std::optional<Instant> latest;  // guaranteed latest start
};

// The jobs of one site that have a start guarantee.
struct GuaranteeStatus {
  std::size_t queued = 0;   // past their planned start, waiting for GPUs
  std::size_t near = 0;     // deferred or queued, and the guaranteed latest start is near
  std::size_t overdue = 0;  // of the queued: past it
};

struct ReplanChange : JobChange {
  Reason reason = Reason::kAsPlanned;
};

struct ReplanRound {
  std::vector<ReplanChange> changes;
  std::vector<DeferredJob> deferred;        // after the changes
  std::vector<GuaranteeStatus> guarantees;  // of each site of the configuration
  std::vector<JobNow> running, queued;
};

class Replanner {
 public:
  // `config` must outlive it.
  explicit Replanner(const config::Config& config) : config_(config) {}
  ReplanRound round(const ReplanInput& input);
  // Slurm refused to send this job elsewhere: it stays bound to its site.
  void refused(const std::string& id) { bound_to_site_.insert(id); }

 private:
  void note_arrivals(const QueueReading& reading);

  const config::Config& config_;
  planner::Planner planner_;
  Instant last_arrival_{};  // jobs submitted after it are new to the planner
  std::set<std::string> bound_to_site_;
};

}  // namespace carbon::carbonctld

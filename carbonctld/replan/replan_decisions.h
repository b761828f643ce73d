// SPDX-License-Identifier: Apache-2.0
// The decisions of a round of re-planning about each deferred job, in the steps of docs/replanning.md. Pure.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "carbonctld/replan/replan_jobs.h"
#include "carbonctld/replan/replan_reason.h"
#include "planner/planner.h"
#include "policies/policy.h"

namespace carbon::carbonctld {

// A waiting job, and where and when it is to start.
struct Move {
  const WaitingJob* job = nullptr;
  Placement to;
  Reason reason = Reason::kAsPlanned;
  bool must = false;  // required by a start guarantee or a rule
};

class ReplanDecisions {
 public:
  // `sites`: one for each site of the configuration. All arguments must outlive this.
  ReplanDecisions(const config::Config& config, Instant now, std::span<const SiteForecast> sites, const QueueReading& reading)
      : config_(config), now_(now), ahead_(sites), reading_(reading) {}

  // One for each waiting job, in their order.
  std::vector<Move> moves(planner::Planner& planner);
  // Emissions of the job started at `to` in grams, data transfer included; none if the intensity is not known.
  std::optional<double> grams(const WaitingJob& w, const Placement& to) const;

 private:
  static JobRequest request(const WaitingJob& w);
  planner::PlanJob plan_job(const WaitingJob& w) const;
  std::vector<Move> as_planned(planner::Planner& planner) const;
  std::vector<const QueueingJob*> first_in_queue() const;
  double largest_capacity(std::uint64_t among) const;
  Placement current(const WaitingJob& w) const;
  void undo(Move& m) const;
  void undo_small_gains(std::vector<Move>& moves) const;
  void undo_needless_yields(std::vector<Move>& moves) const;
  void release_without_gain(std::vector<Move>& moves) const;
  void bound_idle_share(std::vector<Move>& moves) const;
  double saved_per_unit(const Move& m) const;
  void keep_guarantees(std::vector<Move>& moves) const;
  static Duration limit_of(const QueuedJob& job, Duration expected);
  static double priority_of(const QueuedJob& job);

  const config::Config& config_;
  Instant now_;
  std::span<const SiteForecast> ahead_;
  const QueueReading& reading_;
};

}  // namespace carbon::carbonctld

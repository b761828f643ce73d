// SPDX-License-Identifier: Apache-2.0
// What one round of re-planning decides of each deferred job, step by step as in docs/replanning.md. Pure.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "carbonctld/replan/replan_jobs.h"
#include "carbonctld/replan/replan_reason.h"
#include "planner/planner.h"
#include "policies/policy.h"

namespace carbon::carbonctld {

// A job that waits, and where and when it is to begin.
struct Move {
  const WaitingJob* job = nullptr;
  Placement to;
  Reason reason = Reason::kAsPlanned;
  bool must = false;  // a promise or a rule asks for it, not the carbon
};

class ReplanDecisions {
 public:
  // `sites`: each of the configuration. All must outlive this.
  ReplanDecisions(const config::Config& config, Instant now, std::span<const SiteForecast> sites, const QueueReading& reading)
      : config_(config), now_(now), ahead_(sites), reading_(reading) {}

  // One for each waiting job, in their order.
  std::vector<Move> moves(planner::Planner& planner);
  // Grams of the job begun at `to`; none where the intensity is not known. What the move of its data costs is in it.
  std::optional<double> grams(const WaitingJob& w, const Placement& to) const;

 private:
  static JobRequest request(const WaitingJob& w);
  planner::PlanJob plan_job(const WaitingJob& w) const;
  std::vector<Move> as_planned(planner::Planner& planner) const;
  std::vector<const QueueingJob*> first_in_line() const;
  double largest_capacity(std::uint64_t among) const;
  Placement as_it_is(const WaitingJob& w) const;
  void leave(Move& m) const;
  void keep_where_little_is_gained(std::vector<Move>& moves) const;
  void keep_where_there_is_room(std::vector<Move>& moves) const;
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

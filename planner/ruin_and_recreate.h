// SPDX-License-Identifier: Apache-2.0
// Ruin and recreate (large neighbourhood search). Inserts jobs into a resource profile one by one, least slack first. Then it
// repeatedly removes a badly placed job and some of the jobs that block its preferred slot, reinserts them in another order, and
// keeps the result if it is cheaper.
#pragma once

#include <functional>
#include <random>
#include <span>
#include <vector>

#include "planner/resource_profile.h"

namespace carbon::planner {

class RuinAndRecreate {
 public:
  RuinAndRecreate(ResourceProfile& profile, std::span<const PlanJob> jobs);
  void insert_all();
  void improve(int trials);
  // Places all jobs as early as they fit, least slack first, regardless of emissions.
  void pack();
  // Returns to `other`, slots of an earlier plan, unless they cost more.
  void keep_better(const std::vector<Slot>& other);
  bool any_late() const;
  const std::vector<Slot>& slots() const { return slots_; }  // per job

 private:
  std::vector<std::size_t> badly_placed() const;
  std::vector<std::size_t> blocking(std::size_t job) const;
  void replace(std::vector<std::size_t>& jobs);
  std::vector<std::size_t> least_slack_first() const;
  void insert(const std::function<Slot(const PlanJob&)>& where);
  void release_all();

  ResourceProfile& profile_;
  std::span<const PlanJob> jobs_;
  std::vector<Slot> slots_;
  bool placed_ = false;
  std::vector<Slot> ideal_;
  std::mt19937 random_{1};
};

}  // namespace carbon::planner

// SPDX-License-Identifier: Apache-2.0
// Puts jobs into a timetable one by one, least slack first, and then improves on it: takes a job that stands badly and some of
// those that stand where it would like to be out, puts them back in another order, and keeps what costs less.
#pragma once

#include <functional>
#include <random>
#include <span>
#include <vector>

#include "planner/resource_profile.h"

namespace carbon::planner {

class PlanSearch {
 public:
  PlanSearch(Timetable& table, std::span<const PlanJob> jobs);
  void insert_all();
  void improve(int trials);
  // All as early as they fit, least slack first, whatever it emits.
  void pack();
  // Goes over to `other`, slots of an earlier plan, unless that costs more.
  void keep_better(const std::vector<Slot>& other);
  bool any_late() const;
  const std::vector<Slot>& slots() const { return slots_; }  // per job

 private:
  std::vector<std::size_t> badly_placed() const;
  std::vector<std::size_t> in_the_way_of(std::size_t job) const;
  void replace(std::vector<std::size_t>& jobs);
  std::vector<std::size_t> least_slack_first() const;
  void insert(const std::function<Slot(const PlanJob&)>& where);
  void take_out_all();

  Timetable& table_;
  std::span<const PlanJob> jobs_;
  std::vector<Slot> slots_;
  bool placed_ = false;
  std::vector<Slot> ideal_;
  std::mt19937 random_{1};
};

}  // namespace carbon::planner

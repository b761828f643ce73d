// SPDX-License-Identifier: Apache-2.0
// Resource profile: the free units of each site in even steps from now on, and the cheapest start that fits a job.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "planner/plan_types.h"
#include "planner/shadow_prices.h"

namespace carbon::planner {

struct Slot {
  std::size_t site = 0;
  std::size_t step = 0;  // 0: now
  double cost = 0;       // grams: carbon, transfer, price of the capacity, and penalty for a late start
};

class ResourceProfile {
 public:
  // The arguments must outlive this. Steps are five minutes: shorter if no job may wait for long, three times as long if there
  // are very many jobs and sites.
  ResourceProfile(Instant now, std::span<const PlanJob> jobs, std::span<const RunningJob> running,
                  std::span<const PlanSite> sites, const ShadowPrices& prices);

  // The cheapest start that fits; if none fits by the job's latest start, the first one after it.
  Slot best(const PlanJob& job) const { return search(job, Aim::kLeastCost); }
  // The cheapest start if all units were free.
  Slot ideal(const PlanJob& job) const { return search(job, Aim::kLeastCostIfFree); }
  // The first start that fits.
  Slot earliest(const PlanJob& job) const { return search(job, Aim::kEarliest); }
  // Starts after the job's latest start.
  static bool is_late(const Slot& slot);
  void reserve(const PlanJob& job, const Slot& slot) { change(job, slot, -job.units); }
  void release(const PlanJob& job, const Slot& slot) { change(job, slot, job.units); }
  // The steps that a job occupies: [first, last).
  std::pair<std::size_t, std::size_t> steps_of(const PlanJob& job, const Slot& slot) const;
  Instant start_of(const Slot& slot) const {
    return slot.step == 0 ? now_ : origin_ + step_ * static_cast<std::int64_t>(slot.step);
  }

 private:
  struct Lane {                  // one site
    std::vector<double> free;    // units per step
    std::vector<double> carbon;  // running sum: grams per watt
    std::vector<double> price;   // running sum: grams per unit
    std::vector<double> rate;    // price per step, in grams per unit hour
  };

  double in_steps(Duration d) const { return static_cast<double>(d.count()) / static_cast<double>(step_.count()); }
  double position(std::size_t step) const { return step == 0 ? in_steps(now_ - origin_) : static_cast<double>(step); }
  double cost(const PlanJob& job, const Lane& lane, std::size_t step) const;
  double late_reserve_penalty(const PlanJob& job, const Lane& lane, std::size_t step) const;
  std::size_t last_start(const PlanJob& job, const Lane& lane) const;
  enum class Aim : std::uint8_t { kLeastCost, kLeastCostIfFree, kEarliest };
  Slot search(const PlanJob& job, Aim aim) const;
  void change(const PlanJob& job, const Slot& slot, double by);
  void occupy(const RunningJob& job);

  Instant now_;
  Duration step_;
  Instant origin_;
  std::size_t steps_ = 0;
  std::vector<Lane> lanes_;
};

}  // namespace carbon::planner

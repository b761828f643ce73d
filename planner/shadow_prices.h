// SPDX-License-Identifier: Apache-2.0
// Shadow prices (Lagrange multipliers) of capacity: what a unit (CPU or GPU) of a site is worth in each half hour ahead, in grams
// per unit hour, so that the demand of waiting and expected jobs just fits. Computed by dual ascent on the capacity constraints
// with smoothed job choices, starting from the previous round's prices. docs/planner.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "planner/arrivals.h"
#include "planner/plan_types.h"

namespace carbon::planner {

class ShadowPrices {
 public:
  void update(Instant now, std::span<const PlanJob> pending, std::span<const RunningJob> running, std::span<const PlanSite> sites,
              std::span<const Rate> expected);
  // Running sum of a site's prices up to `at`, in grams per unit. 0 before the first update.
  double sum_until(std::size_t site, Instant at) const;

 private:
  struct Lane {                   // one site, per price step
    std::vector<double> price;    // grams per unit hour
    std::vector<double> sum;      // running sum of price, grams per unit; one more than steps
    std::vector<double> carbon;   // running sum of grams per unit; one more than steps
    std::vector<double> fixed;    // units of running jobs
    std::vector<double> usage;    // units
    std::vector<double> choice;   // of the current run-time class: weight of each start
    std::vector<double> windows;  // sums of `choice` over the starts that are open to expected jobs
    std::vector<double> starts;   // units that start
  };
  struct Waiting {  // units of pending jobs of one kind: they may start in the steps [0, last]
    std::size_t last;
    std::uint64_t sites;
    double units;
  };
  struct Expected {  // jobs that arrive in each step ahead and may start in it and `cap` steps after it
    std::size_t cap;
    std::uint64_t sites;
    double units_per_step;
  };
  struct RuntimeClass {
    std::vector<RuntimeAtom> runtimes;  // one if run times are known; else the distribution
    double mean_steps = 0;
    std::vector<Waiting> waiting;
    std::vector<Expected> expected;
    std::size_t starts = 0;  // steps in which one of them may start
  };

  void collect(Instant now, std::span<const PlanJob> pending, std::span<const Rate> expected);
  void prepare(Instant now, std::span<const PlanJob> pending, std::span<const RunningJob> running,
               std::span<const PlanSite> sites);
  // Returns the largest change of a price.
  double ascend(std::span<const PlanSite> sites, double gain);
  void choose(const RuntimeClass& jobs);
  void weigh_starts(const RuntimeClass& jobs);
  void start_waiting(const RuntimeClass& jobs);
  void start_expected(const Expected& jobs);
  void sum_prices();

  Instant start_{};
  std::size_t steps_ = 0;
  double spread_ = 0;  // highest less lowest carbon per unit hour: the scale of all prices
  std::vector<Lane> lanes_;
  std::vector<RuntimeClass> classes_;
  std::vector<double> shares_, opened_;  // scratch
  bool cold_ = true;
};

}  // namespace carbon::planner

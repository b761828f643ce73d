// SPDX-License-Identifier: Apache-2.0
// The demand that is still to come, as the last days were: jobs that arrived, by kind, as rates.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "planner/plan_types.h"

namespace carbon::planner {

// Prices hold for half an hour.
inline constexpr Duration kPriceStep = std::chrono::minutes(30);

// Lengths are told apart in classes, each a quarter longer than the one before.
int runtime_class(Duration runtime);
Duration runtime_of(int runtime_class);

// Jobs alike enough to share a demand.
struct JobKind {
  int runtime_class = 0;
  int cap_steps = 0;  // wait cap in price steps
  std::uint64_t sites = 1;
  auto operator<=>(const JobKind&) const = default;
};

struct Rate {
  JobKind kind;
  double units_per_hour = 0;
};

class Arrivals {
 public:
  // Precondition: in order of `ready`.
  void add(const PlanJob& job);
  // What arrives per hour, by the arrivals of the last 72 hours (or since the first one, if that is less).
  std::vector<Rate> rates(Instant now);

 private:
  struct Seen {
    Instant at;
    JobKind kind;
    double units;
  };
  struct Sum {
    std::size_t jobs = 0;
    double units = 0;
  };
  std::deque<Seen> seen_;
  std::map<JobKind, Sum> sums_;
  Instant first_{Duration::max()};
};

}  // namespace carbon::planner

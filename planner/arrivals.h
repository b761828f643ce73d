// SPDX-License-Identifier: Apache-2.0
// Arrival rates by kind of job, from the arrivals of the last 72 hours: the demand that the planner expects.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "planner/plan_types.h"

namespace carbon::planner {

// The step of shadow prices.
inline constexpr Duration kPriceStep = std::chrono::minutes(30);

// Run times are grouped into classes; each class is a quarter longer than the one before.
int runtime_class(Duration runtime);
Duration runtime_of(int runtime_class);

// Jobs that compete alike for capacity.
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

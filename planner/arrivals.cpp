// SPDX-License-Identifier: Apache-2.0
#include "planner/arrivals.h"

#include <algorithm>
#include <cmath>

namespace carbon::planner {
namespace {

constexpr Duration kMemory = std::chrono::hours(72);
constexpr Duration kLeastSpan = std::chrono::hours(6);  // a rate over less time is unreliable
constexpr Duration kShortest = std::chrono::minutes(5);
constexpr double kRatio = 1.25;

}  // namespace

int runtime_class(Duration runtime) {
  const double ratio = static_cast<double>(std::max(runtime, kShortest).count()) / static_cast<double>(kShortest.count());
  return static_cast<int>(std::lround(std::log(ratio) / std::log(kRatio)));
}

Duration runtime_of(int c) { return Duration(std::llround(static_cast<double>(kShortest.count()) * std::pow(kRatio, c))); }

void Arrivals::add(const PlanJob& job) {
  const JobKind kind{runtime_class(job.runtime), static_cast<int>((job.latest - job.ready) / kPriceStep), job.sites};
  seen_.push_back({job.ready, kind, job.units});
  Sum& sum = sums_[kind];
  ++sum.jobs;
  sum.units += job.units;
  first_ = std::min(first_, job.ready);
}

std::vector<Rate> Arrivals::rates(Instant now) {
  while (!seen_.empty() && seen_.front().at < now - kMemory) {
    const auto it = sums_.find(seen_.front().kind);
    it->second.units -= seen_.front().units;
    if (--it->second.jobs == 0) sums_.erase(it);
    seen_.pop_front();
  }
  std::vector<Rate> rates;
  if (seen_.empty()) return rates;
  const double hours = seconds(std::clamp(now - first_, kLeastSpan, kMemory)) / 3600;
  for (const auto& [kind, sum] : sums_) rates.push_back({kind, sum.units / hours});
  return rates;
}

}  // namespace carbon::planner

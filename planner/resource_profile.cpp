// SPDX-License-Identifier: Apache-2.0
#include "planner/resource_profile.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "planner/intensity_sums.h"
#include "planner/runtime_statistics.h"

namespace carbon::planner {
namespace {

constexpr Duration kFine = std::chrono::minutes(5), kCoarse = std::chrono::minutes(15);
constexpr Duration kFinest = std::chrono::seconds(1);
constexpr double kManyStarts = 5e6;  // jobs x sites x steps above which steps are coarse
// The profile shows the demand of waiting jobs; the price adds the expected demand, which it does not show.
constexpr double kPriceShare = 0.9;
// If capacity is scarce, a start in the last five hours before a job's latest start leaves no reserve: it costs up to one more
// hour's price.
constexpr Duration kReserve = std::chrono::hours(5);
// Jobs that run longer than expected keep their units: if run times are not known and capacity is scarce, jobs aim to start this
// much earlier.
constexpr Duration kUnsure = std::chrono::minutes(90);
// The units of a running job of unknown run time count as occupied with 1.5 times the probability that it still runs.
constexpr double kCaution = 1.5;
// Grams for a start one step late. The penalty grows with the square of the steps: many short delays are better than a long one.
constexpr double kLatePenalty = 1e9;
constexpr double kNever = std::numeric_limits<double>::infinity();

Instant floor_to(Instant t, Duration step) { return Instant(t.time_since_epoch() / step * step); }

double at(const std::vector<double>& sums, double x) {
  const auto i = std::min(static_cast<std::size_t>(x), sums.size() - 2);
  return sums[i] + std::min(1.0, x - static_cast<double>(i)) * (sums[i + 1] - sums[i]);
}

// If no job may wait for five hours, steps are finer: a sixtieth of the longest cap, but not finer than run times allow.
Duration fine_step(std::span<const PlanJob> jobs) {
  Duration cap{0}, runtime{0};
  for (const auto& job : jobs) {
    cap = std::max(cap, job.latest - job.ready);
    runtime = std::max(runtime, job.runtime);
  }
  return std::clamp<Duration>(std::chrono::ceil<std::chrono::seconds>(std::max(cap / 60, runtime / 2000)), kFinest, kFine);
}

Duration step_for(Instant now, std::span<const PlanJob> jobs, std::size_t sites) {
  const Duration fine = fine_step(jobs);
  double starts = 0;
  for (const auto& job : jobs)
    starts += static_cast<double>(sites) * static_cast<double>(std::max(job.latest - now, Duration(0)) / fine);
  return starts > kManyStarts ? fine * (kCoarse / kFine) : fine;
}

double late_penalty(std::size_t steps) { return kLatePenalty * static_cast<double>(steps) * static_cast<double>(steps); }

Duration longest_of(Duration expected, std::span<const RuntimeAtom> runtimes) {
  for (const auto& atom : runtimes) expected = std::max(expected, atom.runtime);
  return expected;
}

}  // namespace

ResourceProfile::ResourceProfile(Instant now, std::span<const PlanJob> jobs, std::span<const RunningJob> running,
                                 std::span<const PlanSite> sites, const ShadowPrices& prices)
    : now_(now), step_(step_for(now, jobs, sites.size())), origin_(floor_to(now, step_)) {
  Duration reach{0}, longest{0};
  double work = 0, capacity = kNever;
  for (const auto& job : jobs) {
    reach = std::max(reach, job.latest - now);
    longest = std::max(longest, longest_of(job.runtime, job.runtimes));
    work += job.units * (in_steps(job.runtime) + 1);
  }
  for (const auto& site : sites) capacity = std::min(capacity, site.capacity);
  // Long enough for all jobs one after another.
  steps_ = static_cast<std::size_t>(in_steps(reach) + 2 * in_steps(longest) + 2 * work / capacity) + 3;
  for (std::size_t k = 0; k < sites.size(); ++k) {
    Lane& lane = lanes_.emplace_back();
    lane.free.assign(steps_, sites[k].capacity);
    lane.carbon = intensity_sums(sites[k].forecast.series, origin_, step_, steps_);
    for (auto& sum : lane.carbon) sum *= sites[k].forecast.pue / kJoulesPerKwh;
    for (std::size_t i = 0; i <= steps_; ++i)
      lane.price.push_back(kPriceShare * prices.sum_until(k, origin_ + step_ * static_cast<std::int64_t>(i)));
    const double steps_per_hour = in_steps(std::chrono::hours(1));
    for (std::size_t i = 0; i < steps_; ++i) lane.rate.push_back((lane.price[i + 1] - lane.price[i]) * steps_per_hour);
  }
  for (const auto& job : running) occupy(job);
}

void ResourceProfile::occupy(const RunningJob& job) {
  const RuntimeAtom expected{job.runtime, 1.0};
  const auto runtimes = job.runtimes.empty() ? std::span(&expected, 1) : job.runtimes;
  auto& free = lanes_[job.site].free;
  const double caution = job.runtimes.empty() ? 1.0 : kCaution;
  double ended = 0;
  std::size_t step = 0;
  for (const auto& atom : residual(runtimes, now_ - job.started)) {
    const auto end = static_cast<std::size_t>(in_steps(now_ + atom.runtime - origin_) + 0.999);
    for (; step < std::min(std::max<std::size_t>(end, 1), steps_); ++step)
      free[step] -= job.units * std::min(1.0, caution * (1 - ended));
    ended += atom.weight;
  }
}

std::pair<std::size_t, std::size_t> ResourceProfile::steps_of(const PlanJob& job, const Slot& slot) const {
  const auto end = static_cast<std::size_t>(position(slot.step) + in_steps(job.runtime) + 0.999);
  return {slot.step, std::min(std::max(end, slot.step + 1), steps_)};
}

double ResourceProfile::cost(const PlanJob& job, const Lane& lane, std::size_t step) const {
  const double from = position(step);
  const auto until = [&](double to) { return job.power.value() * at(lane.carbon, to) + job.units * at(lane.price, to); };
  double sum = -until(from);
  if (job.runtimes.empty()) return sum + until(from + in_steps(job.runtime));
  for (const auto& atom : job.runtimes) sum += atom.weight * until(from + in_steps(atom.runtime));
  return sum;
}

double ResourceProfile::late_reserve_penalty(const PlanJob& job, const Lane& lane, std::size_t step) const {
  if (step == 0) return 0.0;  // it starts at once: nothing can delay it
  const double into = static_cast<double>(step) - in_steps(job.latest - kReserve - origin_);
  return into <= 0 ? 0.0 : job.units * lane.rate[step] * into / in_steps(kReserve);
}

std::size_t ResourceProfile::last_start(const PlanJob& job, const Lane& lane) const {
  const auto step_of = [&](Instant t) {
    return std::min(static_cast<std::size_t>(std::max(0.0, in_steps(t - origin_))), steps_ - 1);
  };
  const std::size_t last = step_of(job.latest);
  if (job.runtimes.empty()) return last;
  const std::size_t aim = step_of(job.latest - kUnsure);
  return lane.price[last] > lane.price[aim] ? aim : last;
}

bool ResourceProfile::is_late(const Slot& slot) { return slot.cost >= kLatePenalty; }

Slot ResourceProfile::search(const PlanJob& job, Aim aim) const {
  Slot best{static_cast<std::size_t>(std::countr_zero(job.sites)), steps_ - 1, kNever};
  for (std::size_t k = 0; k < lanes_.size(); ++k) {
    if ((job.sites >> k & 1) == 0) continue;
    const Lane& lane = lanes_[k];
    const std::size_t last = last_start(job, lane);
    const double transfer = job.transfer_g.empty() ? 0.0 : job.transfer_g[k];
    std::size_t seen = 0;  // steps of the candidate before this one are free enough
    for (std::size_t s = 0; s < steps_; ++s) {
      if (best.cost < kNever && (s > last || (aim == Aim::kEarliest && s > best.step))) break;
      if (aim != Aim::kLeastCostIfFree) {
        const std::size_t end = steps_of(job, {k, s, 0}).second;
        seen = std::max(seen, s);
        while (seen < end && lane.free[seen] >= job.units - 1e-9) ++seen;
        if (seen < end) {
          s = seen;  // continue after the full step
          continue;
        }
      }
      double c = cost(job, lane, s) + late_reserve_penalty(job, lane, s) + transfer;
      if (s > last) c += late_penalty(s - last);
      const bool sooner = aim == Aim::kEarliest && s < best.step;
      if (best.cost == kNever || sooner || c < best.cost - 1e-9 * std::abs(best.cost)) best = {k, s, c};
    }
  }
  if (best.cost == kNever) best.cost = late_penalty(steps_);
  return best;
}

void ResourceProfile::change(const PlanJob& job, const Slot& slot, double by) {
  const auto [first, end] = steps_of(job, slot);
  auto& free = lanes_[slot.site].free;
  for (std::size_t i = first; i < end; ++i) free[i] += by;
}

}  // namespace carbon::planner

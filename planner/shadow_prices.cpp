// SPDX-License-Identifier: Apache-2.0
#include "planner/shadow_prices.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "planner/intensity_sums.h"
#include "planner/runtime_statistics.h"

namespace carbon::planner {
namespace {

constexpr double kStepHours = 0.5;
constexpr std::size_t kAheadSteps = 40;  // arrivals are expected for 20 hours; later ones are left to later plans
constexpr int kColdRounds = 100, kWarmRounds = 12;
// Of the spread of the carbon cost per unit hour:
constexpr double kSoftness = 0.02;     // starts whose costs differ by less get about equal weights
constexpr double kGain = 0.15;         // price rise per round where demand is twice the capacity
constexpr double kCeiling = 1.0;       // upper bound: unmet demand would raise prices without end
constexpr double kConverged = 0.0005;  // converged: no price moved by more in a round
constexpr double kGainDecay = 0.02;

constexpr double kLargestExponent = 600;  // exp(-600) and its inverse are still numbers

// out[i] = values[i] + ... + values[i + width - 1], for all i where that fits. Computed from forward and backward sums
// within blocks of `width`, without subtraction, so that small values do not vanish next to large ones.
void window_sums(std::span<const double> values, std::size_t width, std::vector<double>& out) {
  const std::size_t n = values.size();
  static thread_local std::vector<double> forward, backward;
  forward.assign(values.begin(), values.end());
  backward.assign(values.begin(), values.end());
  for (std::size_t i = 1; i < n; ++i) {
    if (i % width != 0) forward[i] += forward[i - 1];
  }
  for (std::size_t i = n - 1; i-- > 0;) {
    if ((i + 1) % width != 0) backward[i] += backward[i + 1];
  }
  out.resize(n - width + 1);
  for (std::size_t i = 0; i + width <= n; ++i) out[i] = i % width == 0 ? backward[i] : backward[i] + forward[i + width - 1];
}

double steps_in(Duration d) { return static_cast<double>(d.count()) / static_cast<double>(kPriceStep.count()); }

// A duration in price steps.
struct StepDuration {
  explicit StepDuration(Duration runtime)
      : whole(static_cast<std::size_t>(runtime / kPriceStep)), part(steps_in(runtime) - static_cast<double>(whole)) {}
  // The integral over [s, s + duration) from its running sums.
  double over(const std::vector<double>& sum, std::size_t s) const {
    return sum[s + whole] + part * (sum[s + whole + 1] - sum[s + whole]) - sum[s];
  }
  std::size_t whole;
  double part;
};

}  // namespace

double ShadowPrices::sum_until(std::size_t site, Instant at) const {
  if (site >= lanes_.size()) return 0;
  const auto& sums = lanes_[site].sum;
  const double x = steps_in(at - start_);
  if (x <= 0) return 0;
  const auto i = static_cast<std::size_t>(x);
  if (i + 1 >= sums.size()) return sums.back();
  return sums[i] + (x - static_cast<double>(i)) * (sums[i + 1] - sums[i]);
}

void ShadowPrices::update(Instant now, std::span<const PlanJob> pending, std::span<const RunningJob> running,
                          std::span<const PlanSite> sites, std::span<const Rate> expected) {
  const Instant start(now.time_since_epoch() / kPriceStep * kPriceStep);
  const auto gone = std::max<std::int64_t>(0, (start - start_) / kPriceStep);
  start_ = start;
  lanes_.resize(sites.size());
  for (auto& lane : lanes_)
    lane.price.erase(lane.price.begin(), lane.price.begin() + std::min<std::int64_t>(gone, std::ssize(lane.price)));
  collect(now, pending, expected);
  if (classes_.empty()) return;
  prepare(now, pending, running, sites);
  const int rounds = cold_ ? kColdRounds : kWarmRounds;
  for (int round = 0; round < rounds; ++round) {
    if (ascend(sites, kGain / (1 + kGainDecay * round)) < kConverged * spread_) break;
  }
  sum_prices();
  cold_ = false;
}

void ShadowPrices::collect(Instant now, std::span<const PlanJob> pending, std::span<const Rate> expected) {
  std::map<int, RuntimeClass> classes;
  for (const auto& job : pending) {
    const auto last = static_cast<std::size_t>((std::max(job.latest, now) - start_) / kPriceStep);
    RuntimeClass& c = classes[runtime_class(job.runtime)];
    c.waiting.push_back({last, job.sites, job.units});
    if (c.runtimes.empty()) c.runtimes.assign(job.runtimes.begin(), job.runtimes.end());
    c.starts = std::max(c.starts, last + 1);
  }
  for (const auto& rate : expected) {
    const auto cap = static_cast<std::size_t>(rate.kind.cap_steps);
    RuntimeClass& c = classes[rate.kind.runtime_class];
    c.expected.push_back({cap, rate.kind.sites, rate.units_per_hour * kStepHours});
    c.starts = std::max(c.starts, kAheadSteps + cap);
  }
  classes_.clear();
  steps_ = 0;
  for (auto& [index, c] : classes) {
    if (c.runtimes.empty()) c.runtimes.push_back({runtime_of(index), 1.0});
    for (const auto& atom : c.runtimes) {
      c.mean_steps += atom.weight * steps_in(atom.runtime);
      steps_ = std::max(steps_, c.starts + static_cast<std::size_t>(atom.runtime / kPriceStep) + 2);
    }
    classes_.push_back(std::move(c));
  }
}

void ShadowPrices::prepare(Instant now, std::span<const PlanJob> pending, std::span<const RunningJob> running,
                           std::span<const PlanSite> sites) {
  double watts = 0, units = 0;
  for (const auto& job : pending) {
    watts += job.power.value();
    units += job.units;
  }
  const double watts_per_unit = units > 0 ? watts / units : 1.0;
  double least = 1e300, most = 0;
  for (std::size_t k = 0; k < sites.size(); ++k) {
    Lane& lane = lanes_[k];
    lane.price.resize(steps_, 0.0);
    lane.fixed.assign(steps_, 0.0);
    lane.carbon = intensity_sums(sites[k].forecast.series, start_, kPriceStep, steps_);
    for (auto& sum : lane.carbon) sum *= sites[k].forecast.pue * watts_per_unit / kJoulesPerKwh;
    for (std::size_t i = 0; i < steps_; ++i) {
      least = std::min(least, (lane.carbon[i + 1] - lane.carbon[i]) / kStepHours);
      most = std::max(most, (lane.carbon[i + 1] - lane.carbon[i]) / kStepHours);
    }
  }
  spread_ = std::max(most - least, 1e-6 * most + 1e-12);
  for (const auto& job : running) {
    const RuntimeAtom whole{job.runtime, 1.0};
    const auto runtimes = job.runtimes.empty() ? std::span(&whole, 1) : job.runtimes;
    for (const auto& atom : residual(runtimes, now - job.started)) {
      const double end = steps_in(now + atom.runtime - start_);
      auto& fixed = lanes_[job.site].fixed;
      for (std::size_t i = 0; i < steps_ && static_cast<double>(i) < end; ++i)
        fixed[i] += job.units * atom.weight * std::min(1.0, end - static_cast<double>(i));
    }
  }
}

void ShadowPrices::sum_prices() {
  for (auto& lane : lanes_) {
    lane.sum.assign(1, 0.0);
    for (const double price : lane.price) lane.sum.push_back(lane.sum.back() + price * kStepHours);
  }
}

double ShadowPrices::ascend(std::span<const PlanSite> sites, double gain) {
  sum_prices();
  for (auto& lane : lanes_) lane.usage = lane.fixed;
  for (const auto& jobs : classes_) choose(jobs);
  double most = 0;
  for (std::size_t k = 0; k < lanes_.size(); ++k) {
    for (std::size_t i = 0; i < steps_; ++i) {
      const double excess = (lanes_[k].usage[i] - sites[k].capacity) / sites[k].capacity;
      double& price = lanes_[k].price[i];
      const double before = price;
      price = std::clamp(price + gain * spread_ * excess, 0.0, kCeiling * spread_);
      most = std::max(most, std::abs(price - before));
    }
  }
  return most;
}

// Adds the units that one run-time class occupies to `usage`; jobs are spread over starts by exp(-cost / softness).
void ShadowPrices::choose(const RuntimeClass& jobs) {
  weigh_starts(jobs);
  start_waiting(jobs);
  for (const auto& expected : jobs.expected) start_expected(expected);
  for (const auto& atom : jobs.runtimes) {
    const StepDuration span(atom.runtime);
    for (auto& lane : lanes_) {
      double active = 0;
      for (std::size_t s = 0; s < std::min(steps_, jobs.starts + span.whole + 1); ++s) {
        const double ended = s >= span.whole && s - span.whole < jobs.starts ? lane.starts[s - span.whole] : 0.0;
        active += (s < jobs.starts ? lane.starts[s] : 0.0) - ended;
        lane.usage[s] += atom.weight * (active + span.part * ended);
      }
    }
  }
}

void ShadowPrices::weigh_starts(const RuntimeClass& jobs) {
  double least = std::numeric_limits<double>::infinity();
  for (auto& lane : lanes_) {
    lane.choice.assign(jobs.starts, 0.0);
    lane.starts.assign(jobs.starts, 0.0);
    for (const auto& atom : jobs.runtimes) {
      const StepDuration span(atom.runtime);
      const double weight = atom.weight / (jobs.mean_steps * kStepHours);
      for (std::size_t s = 0; s < jobs.starts; ++s)
        lane.choice[s] += weight * (span.over(lane.carbon, s) + span.over(lane.sum, s));
    }
    least = std::min(least, *std::min_element(lane.choice.begin(), lane.choice.end()));
  }
  for (auto& lane : lanes_) {
    for (auto& choice : lane.choice) choice = std::exp(-std::min(kLargestExponent, (choice - least) / (kSoftness * spread_)));
  }
}

void ShadowPrices::start_waiting(const RuntimeClass& jobs) {
  if (jobs.waiting.empty()) return;
  for (auto& lane : lanes_) {
    lane.windows.resize(jobs.starts);
    std::partial_sum(lane.choice.begin(), lane.choice.end(), lane.windows.begin());
  }
  for (const auto& w : jobs.waiting) {
    double sum = 0;
    for (std::size_t k = 0; k < lanes_.size(); ++k) sum += (w.sites >> k & 1) != 0 ? lanes_[k].windows[w.last] : 0.0;
    for (std::size_t k = 0; k < lanes_.size(); ++k) {
      if ((w.sites >> k & 1) != 0) lanes_[k].starts[w.last] += w.units / sum;
    }
  }
  // A share at `last` counts for all starts up to it.
  for (auto& lane : lanes_) {
    double open = 0;
    for (std::size_t s = jobs.starts; s-- > 0;) {
      open += lane.starts[s];
      lane.starts[s] = open * lane.choice[s];
    }
  }
}

void ShadowPrices::start_expected(const Expected& jobs) {
  const std::size_t width = jobs.cap + 1;
  for (auto& lane : lanes_) window_sums(std::span(lane.choice).first(kAheadSteps + jobs.cap), width, lane.windows);
  shares_.assign(kAheadSteps + 2 * jobs.cap, 0.0);  // with `cap` zeros on both sides
  for (std::size_t arrival = 0; arrival < kAheadSteps; ++arrival) {
    double sum = 0;
    for (std::size_t k = 0; k < lanes_.size(); ++k) sum += (jobs.sites >> k & 1) != 0 ? lanes_[k].windows[arrival] : 0.0;
    shares_[jobs.cap + arrival] = jobs.units_per_step / sum;
  }
  window_sums(shares_, width, opened_);
  for (std::size_t k = 0; k < lanes_.size(); ++k) {
    if ((jobs.sites >> k & 1) == 0) continue;
    for (std::size_t s = 0; s < kAheadSteps + jobs.cap; ++s) lanes_[k].starts[s] += opened_[s] * lanes_[k].choice[s];
  }
}

}  // namespace carbon::planner

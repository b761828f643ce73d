// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/replan/start_guarantee.h"

#include <algorithm>
#include <array>

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

constexpr Duration kTolerance = 30s;  // a start that is later by less does no harm
constexpr Duration kMostReserve = 15min;
constexpr int kMostRounds = 40;

// Two extremes are simulated: running jobs end at their time limits, or all of them end now.
struct Scenario {
  std::vector<SimulatedJob> running;
  std::vector<Instant> bounds;  // of the queueing jobs, then of the deferred ones
};

class GuaranteeCheck {
 public:
  explicit GuaranteeCheck(const SiteQueue& site)
      : site_(site), released_(site.deferred.size(), false), scenarios_{Scenario{site.running, {}}, Scenario{}} {
    for (auto& s : scenarios_) set_bounds(s);
  }

  std::vector<std::size_t> released() {
    for (int round = 0; !release_the_late(); ++round) {
      if (round >= kMostRounds) released_.assign(released_.size(), true);
    }
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < released_.size(); ++i) {
      if (released_[i]) out.push_back(i);
    }
    return out;
  }

 private:
  // The bound of a job is its start without any deferral. A deferred job's bound is its guaranteed latest start if that is later.
  void set_bounds(Scenario& s) const {
    s.bounds = simulation(s, true);
    const std::size_t queueing = site_.queueing.size();
    const auto others_end = s.bounds.begin() + static_cast<std::ptrdiff_t>(queueing);
    const bool queue = std::any_of(s.bounds.begin(), others_end, [&](Instant t) { return t > site_.now; });
    for (std::size_t i = 0; i < s.bounds.size(); ++i) {
      if (s.bounds[i] != Instant::max()) s.bounds[i] += kTolerance;
      if (i >= queueing) s.bounds[i] = std::max(s.bounds[i], target(site_.deferred[i - queueing], queue));
    }
  }

  // More jobs will be submitted: if there is a queue, a tenth of the wait is kept in reserve for them.
  static Instant target(const SimulatedJob& job, bool queue) {
    if (!queue) return job.latest;
    return job.latest - std::min<Duration>(kMostReserve, std::max(job.latest - job.submit, Duration(0)) / 10);
  }

  std::vector<Instant> simulation(const Scenario& s, bool all_at_once) const {
    auto waiting = site_.queueing;
    for (std::size_t i = 0; i < site_.deferred.size(); ++i) {
      waiting.push_back(site_.deferred[i]);
      if (all_at_once || released_[i]) waiting.back().eligible = site_.now;
    }
    return simulate_queue(site_.now, site_.capacity, s.running, waiting);
  }

  // True if no job is late, or if nothing more can be released.
  bool release_the_late() {
    bool late = false, helped = false;
    for (const auto& s : scenarios_) {
      const auto starts = simulation(s, false);
      for (std::size_t i = 0; i < starts.size(); ++i) {
        if (starts[i] <= s.bounds[i]) continue;
        late = true;
        const std::size_t queueing = site_.queueing.size();
        if (i < queueing || released_[i - queueing]) continue;
        released_[i - queueing] = true;
        helped = true;
      }
    }
    if (!late) return true;
    // The late jobs already wait for GPUs. Deferred jobs of higher priority must not start in front of them later: all go now.
    if (!helped) {
      if (std::all_of(released_.begin(), released_.end(), [](bool r) { return r; })) return true;
      released_.assign(released_.size(), true);
    }
    return false;
  }

  const SiteQueue& site_;
  std::vector<bool> released_;
  std::array<Scenario, 2> scenarios_;
};

}  // namespace

std::vector<std::size_t> release_for_guarantees(const SiteQueue& site) {
  if (site.deferred.empty()) return {};
  return GuaranteeCheck(site).released();
}

}  // namespace carbon::carbonctld

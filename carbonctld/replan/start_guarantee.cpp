// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/replan/start_guarantee.h"

#include <algorithm>
#include <array>

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

constexpr Duration kTolerance = 30s;  // a start that much later harms nobody
constexpr Duration kMostReserve = 15min;
constexpr int kMostRounds = 40;

// Running jobs end at their time limits, or all of them now: what they held goes to those who wait by then.
struct Scenario {
  std::vector<HeldUnits> held;
  std::vector<Instant> bounds;  // of the queueing jobs, then of the deferred ones
};

class GuaranteeKeeper {
 public:
  explicit GuaranteeKeeper(const SiteQueue& site)
      : site_(site), released_(site.deferred.size(), false), scenarios_{Scenario{site.held, {}}, Scenario{}} {
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
  // A deferred job's bound is what its user was told, or its start if nobody were deferred, where that is later; of all others it
  // is the latter.
  void set_bounds(Scenario& s) const {
    s.bounds = simulation(s, true);
    const std::size_t queueing = site_.queueing.size();
    const auto others_end = s.bounds.begin() + static_cast<std::ptrdiff_t>(queueing);
    const bool queue = std::any_of(s.bounds.begin(), others_end, [&](Instant t) { return t > site_.now; });
    for (std::size_t i = 0; i < s.bounds.size(); ++i) {
      if (s.bounds[i] != Instant::max()) s.bounds[i] += kTolerance;
      if (i >= queueing) s.bounds[i] = std::max(s.bounds[i], aim(site_.deferred[i - queueing], queue));
    }
  }

  // Jobs that nobody knows of yet come too: where there is a queue, a tenth of the wait is kept in reserve.
  static Instant aim(const DeferredUnits& job, bool queue) {
    if (!queue) return job.latest;
    return job.latest - std::min<Duration>(kMostReserve, std::max(job.latest - job.submit, Duration(0)) / 10);
  }

  std::vector<Instant> simulation(const Scenario& s, bool all_at_once) const {
    auto waiting = site_.queueing;
    for (std::size_t i = 0; i < site_.deferred.size(); ++i) {
      waiting.push_back(site_.deferred[i].queued);
      if (all_at_once || released_[i]) waiting.back().eligible = site_.now;
    }
    return queue_outlook(site_.now, site_.capacity, s.held, waiting);
  }

  // True when all is well, or nothing more can be done.
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
    // The late ones wait for GPUs already: whoever is to go before them goes now, and not in their way.
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

std::vector<std::size_t> release_for_promises(const SiteQueue& site) {
  if (site.deferred.empty()) return {};
  return GuaranteeKeeper(site).released();
}

}  // namespace carbon::carbonctld

// SPDX-License-Identifier: Apache-2.0
#include "planner/planner.h"

#include <algorithm>
#include <limits>

#include "planner/ruin_and_recreate.h"

namespace carbon::planner {
namespace {

constexpr int kTrials = 100;
constexpr double kGoesOnHours = 24;  // an overload is assumed to go on for a day

double hours(Duration d) { return seconds(d) / 3600; }

// The wait at the end of the queue if each job starts as early as it fits: until nine tenths of the jobs have started.
double hours_of_queue(Instant now, const ResourceProfile& profile, std::span<const Slot> packed) {
  std::vector<Instant> starts;
  for (const auto& slot : packed) starts.push_back(profile.start_of(slot));
  const auto nth = starts.begin() + std::ssize(starts) * 9 / 10;
  std::nth_element(starts.begin(), nth, starts.end());
  return nth == starts.end() ? 0.0 : hours(*nth - now);
}

// How long the pending and running jobs keep all capacity busy.
double hours_of_backlog(Instant now, std::span<const PlanJob> pending, std::span<const RunningJob> running,
                        std::span<const PlanSite> sites) {
  double work = 0, widest = 0, least = std::numeric_limits<double>::infinity();
  for (const auto& job : pending) {
    work += job.units * hours(job.runtime);
    widest = std::max(widest, job.units);
  }
  for (const auto& job : running) work += job.units * std::max(0.0, hours(job.started + job.runtime - now));
  for (const auto& site : sites) least = std::min(least, site.capacity);
  return work / std::max(1.0, least - widest);  // a job waits while fewer units than its own are free
}

// True if wait caps would be exceeded at the present arrival rate even with all capacity in use. Then no unit may be left idle
// for a greener hour: the lost capacity would be missing for as long as the overload lasts.
bool overloaded(double hours_of_queue, std::span<const PlanSite> sites, std::span<const Rate> expected) {
  double capacity = 0, inflow = 0, allowed = 0;
  for (const auto& site : sites) capacity += site.capacity;
  for (const auto& rate : expected) {
    const double work = rate.units_per_hour * hours(runtime_of(rate.kind.runtime_class));
    inflow += work;
    allowed += work * hours(kPriceStep * rate.kind.cap_steps);
  }
  if (inflow <= 0) return false;
  return hours_of_queue + (inflow / capacity - 1) * kGoesOnHours > allowed / inflow;
}

}  // namespace

std::vector<Placement> Planner::plan(Instant now, std::span<const PlanJob> pending, std::span<const RunningJob> running,
                                     std::span<const PlanSite> sites) {
  const auto expected = arrivals_.rates(now);
  prices_.update(now, pending, running, sites, expected);
  ResourceProfile profile(now, pending, running, sites, prices_);
  RuinAndRecreate search(profile, pending);
  // The backlog bounds the queue from above: the queue has to be computed only if the backlog is too long.
  short_of_capacity_ = overloaded(hours_of_backlog(now, pending, running, sites), sites, expected);
  if (short_of_capacity_) {
    search.pack();
    short_of_capacity_ = overloaded(hours_of_queue(now, profile, search.slots()), sites, expected);
  }
  if (!short_of_capacity_) {
    search.insert_all();
    search.improve(kTrials);
    if (search.any_late()) {
      const auto planned = search.slots();
      search.pack();
      search.keep_better(planned);
    }
    short_of_capacity_ = search.any_late();
  }
  std::vector<Placement> placements;
  placements.reserve(pending.size());
  for (const auto& slot : search.slots()) placements.push_back({slot.site, profile.start_of(slot)});
  return placements;
}

}  // namespace carbon::planner

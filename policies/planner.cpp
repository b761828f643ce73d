// SPDX-License-Identifier: Apache-2.0
#include "policies/planner.h"

#include "policies/plan_search.h"

namespace carbon::policies {
namespace {

constexpr int kTrials = 100;

}  // namespace

std::vector<Placement> Planner::plan(Instant now, std::span<const PlanJob> pending, std::span<const RunningJob> running,
                                     std::span<const PlanSite> sites) {
  prices_.update(now, pending, running, sites, arrivals_.rates(now));
  Timetable table(now, pending, running, sites, prices_);
  PlanSearch search(table, pending);
  search.insert_all();
  search.improve(kTrials);
  std::vector<Placement> places;
  places.reserve(pending.size());
  for (const auto& slot : search.slots()) places.push_back({slot.site, table.start_of(slot)});
  return places;
}

}  // namespace carbon::policies

// SPDX-License-Identifier: Apache-2.0
#include "replay/rules.h"

namespace carbon::replay {

void RuleDecider::decide(Instant now, std::span<const std::size_t> arrived, std::vector<Decision>& decisions) {
  sites_.clear();
  for (std::size_t s = 0; s < setting_.sites.size(); ++s) {
    const SeriesView series = setting_.ahead ? setting_.ahead(s, now) : setting_.actual[s].view();
    sites_.push_back({series, setting_.sites[s].pue, setting_.sites[s].transfer_kwh_per_gb});
  }
  for (const std::size_t job : arrived) {
    const JobRequest request = requests_.arrived(job);
    Decision& decision = decisions.emplace_back();
    decision.job = job;
    if (rule_.place) {
      decision.place = rule_.place(request, sites_);
    } else {
      decision.intervals = rule_.intervals(request, sites_[request.home]);
      decision.place = {request.home, decision.intervals.front().start};
    }
  }
}

}  // namespace carbon::replay

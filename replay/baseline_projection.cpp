// SPDX-License-Identifier: Apache-2.0
#include "replay/baseline_projection.h"

#include <algorithm>
#include <queue>

namespace carbon::replay {
namespace {

// Jobs of a queue that are projected; the others start no earlier than the last of these.
constexpr std::size_t kLookedAt = 1000;

}  // namespace

void BaselineProjection::advance(Instant now) {
  std::erase_if(waiting_, [&](std::size_t job) {
    if (run_now_[job].start > now) return false;
    expected_[job] = run_now_[job].start;
    running_.push_back(job);
    return true;
  });
  std::erase_if(running_, [&](std::size_t job) { return run_now_[job].end <= now; });
  if (waiting_.empty()) return;
  for (std::size_t site = 0; site < setting_.sites.size(); ++site) expect(site, now);
}

void BaselineProjection::expect(std::size_t site, Instant now) {
  using Ending = std::pair<Instant, std::uint32_t>;  // when, units
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> ending;
  std::uint32_t free = setting_.sites[site].capacity;
  for (const auto job : running_) {
    if (trace_.jobs[job].home != site) continue;
    free -= trace_.jobs[job].width;
    ending.emplace(run_now_[job].start + trace_.jobs[job].runtime, trace_.jobs[job].width);
  }
  std::vector<std::size_t> queue, behind;
  for (const auto job : waiting_) {
    if (trace_.jobs[job].home == site) (queue.size() < kLookedAt ? queue : behind).push_back(job);
  }
  Instant at = now;
  while (!queue.empty() && !ending.empty()) {
    at = ending.top().first;
    for (; !ending.empty() && ending.top().first == at; ending.pop()) free += ending.top().second;
    std::erase_if(queue, [&](std::size_t job) {
      if (trace_.jobs[job].width > free) return false;
      free -= trace_.jobs[job].width;
      expected_[job] = at;
      ending.emplace(at + trace_.jobs[job].runtime, trace_.jobs[job].width);
      return true;
    });
  }
  for (const auto job : behind) expected_[job] = at;
}

}  // namespace carbon::replay

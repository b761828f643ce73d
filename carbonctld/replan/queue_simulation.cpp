// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/replan/queue_simulation.h"

#include <algorithm>
#include <numeric>
#include <queue>
#include <set>

namespace carbon::carbonctld {
namespace {

constexpr double kRounding = 1e-9;

struct Release {
  double units;
  Instant at;
  bool operator<(const Release& other) const { return at > other.at; }  // the earliest is on top
};

}  // namespace

std::vector<Instant> simulate_queue(Instant now, double capacity, std::span<const SimulatedJob> running,
                                    std::span<const SimulatedJob> waiting) {
  std::vector<Instant> starts(waiting.size(), Instant::max());
  if (capacity <= 0) return starts;
  std::priority_queue<Release> releases;
  double free = capacity;
  for (const auto& job : running) {
    releases.push({job.units, job.end()});
    free -= job.units;
  }

  std::vector<std::size_t> coming(waiting.size());
  std::iota(coming.begin(), coming.end(), 0);
  std::stable_sort(coming.begin(), coming.end(),
                   [&](std::size_t a, std::size_t b) { return waiting[a].eligible < waiting[b].eligible; });
  const auto first = [&](std::size_t a, std::size_t b) {
    return waiting[a].priority != waiting[b].priority ? waiting[a].priority > waiting[b].priority : a < b;
  };
  std::set<std::size_t, decltype(first)> line(first);

  auto next = coming.begin();
  for (Instant at = now;;) {
    for (; next != coming.end() && waiting[*next].eligible <= at; ++next) line.insert(*next);
    for (; !releases.empty() && releases.top().at <= at; releases.pop()) free += releases.top().units;
    while (!line.empty()) {
      const auto job = *line.begin();
      const double units = std::min(waiting[job].units, capacity);
      if (units > free + kRounding) break;
      free -= units;
      starts[job] = at;
      releases.push({units, at + waiting[job].runtime});
      line.erase(line.begin());
    }
    if (line.empty() && next == coming.end()) return starts;
    Instant then = Instant::max();
    if (next != coming.end()) then = waiting[*next].eligible;
    if (!line.empty() && !releases.empty()) then = std::min(then, releases.top().at);
    if (then == Instant::max()) return starts;  // more is occupied than there is: the rest never starts
    at = std::max(at, then);
  }
}

}  // namespace carbon::carbonctld

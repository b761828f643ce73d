// SPDX-License-Identifier: Apache-2.0
#include "planner/runtime_statistics.h"

#include <algorithm>

namespace carbon::planner {
namespace {

constexpr std::size_t kAtoms = 12;

// Atoms of equal weight, each the mean of its share of the mass. Precondition: ascending lengths, weights that add up to 1.
std::vector<RuntimeAtom> evened(std::span<const RuntimeAtom> fine) {
  constexpr double kShare = 1.0 / static_cast<double>(kAtoms);
  std::vector<RuntimeAtom> atoms;
  double filled = 0, sum = 0;
  for (const auto& atom : fine) {
    for (double left = atom.weight; left > 1e-12;) {
      const double part = std::min(left, kShare - filled);
      sum += part * static_cast<double>(atom.runtime.count());
      filled += part;
      left -= part;
      if (filled < kShare - 1e-9) continue;
      atoms.push_back({Duration(static_cast<std::int64_t>(sum / filled)), kShare});
      filled = sum = 0;
    }
  }
  if (atoms.empty()) return {fine.begin(), fine.end()};
  double total = 0;
  for (const auto& atom : atoms) total += atom.weight;
  for (auto& atom : atoms) atom.weight /= total;
  return atoms;
}

}  // namespace

void RuntimeStatistics::finished(Duration runtime) {
  finished_.insert(std::upper_bound(finished_.begin(), finished_.end(), runtime), runtime);
}

std::vector<RuntimeAtom> RuntimeStatistics::atoms(std::span<const Duration> running) const {
  std::vector<Duration> open(running.begin(), running.end());
  std::sort(open.begin(), open.end());
  std::vector<RuntimeAtom> fine;
  double alive = 1, sum = 0;
  auto censored = open.begin();
  const auto jobs = static_cast<double>(finished_.size() + open.size());
  for (std::size_t i = 0; i < finished_.size(); ++i) {
    while (censored != open.end() && *censored < finished_[i]) ++censored;
    const double at_risk = jobs - static_cast<double>(i) - static_cast<double>(censored - open.begin());
    const double ends = alive / at_risk;
    fine.push_back({finished_[i], ends});
    alive -= ends;
    sum += ends * static_cast<double>(finished_[i].count());
  }
  if (alive > 1e-9) {
    const Duration longest =
        std::max(finished_.empty() ? Duration(0) : finished_.back(), open.empty() ? Duration(0) : open.back());
    const Duration rest(static_cast<std::int64_t>((static_cast<double>(mean_.count()) - sum) / alive));
    fine.push_back({std::max(rest, longest), alive});
  }
  return evened(fine);
}

std::vector<RuntimeAtom> residual(std::span<const RuntimeAtom> runtimes, Duration elapsed) {
  std::vector<RuntimeAtom> left;
  double alive = 0;
  for (const auto& atom : runtimes) {
    if (atom.runtime <= elapsed) continue;
    left.push_back({atom.runtime - elapsed, atom.weight});
    alive += atom.weight;
  }
  if (left.empty()) return {{std::max<Duration>(elapsed / 2, std::chrono::minutes(1)), 1.0}};
  for (auto& atom : left) atom.weight /= alive;
  return left;
}

}  // namespace carbon::planner

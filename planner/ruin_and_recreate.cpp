// SPDX-License-Identifier: Apache-2.0
#include "planner/ruin_and_recreate.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace carbon::planner {
namespace {

constexpr std::size_t kMostMoved = 6;  // in addition to the badly placed job
constexpr int kTrialsPerLook = 16;

// std::shuffle differs between standard libraries; this does not.
void shuffle(std::span<std::size_t> values, std::mt19937& random) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random() % i]);
}

}  // namespace

RuinAndRecreate::RuinAndRecreate(ResourceProfile& profile, std::span<const PlanJob> jobs)
    : profile_(profile), jobs_(jobs), slots_(jobs.size()) {
  ideal_.reserve(jobs.size());
  for (const auto& job : jobs) ideal_.push_back(profile.ideal(job));
}

std::vector<std::size_t> RuinAndRecreate::least_slack_first() const {
  std::vector<std::size_t> order(jobs_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [this](std::size_t a, std::size_t b) { return jobs_[a].latest < jobs_[b].latest; });
  return order;
}

void RuinAndRecreate::release_all() {
  for (std::size_t j = 0; placed_ && j < jobs_.size(); ++j) profile_.release(jobs_[j], slots_[j]);
  placed_ = false;
}

void RuinAndRecreate::insert_all() {
  insert([this](const PlanJob& job) { return profile_.best(job); });
}

void RuinAndRecreate::pack() {
  insert([this](const PlanJob& job) { return profile_.earliest(job); });
}

void RuinAndRecreate::insert(const std::function<Slot(const PlanJob&)>& where) {
  release_all();
  for (const auto job : least_slack_first()) {
    slots_[job] = where(jobs_[job]);
    profile_.reserve(jobs_[job], slots_[job]);
  }
  placed_ = true;
}

std::vector<std::size_t> RuinAndRecreate::badly_placed() const {
  std::vector<std::size_t> jobs;
  for (std::size_t j = 0; j < jobs_.size(); ++j) {
    if (slots_[j].cost > ideal_[j].cost * (1 + 1e-6)) jobs.push_back(j);
  }
  return jobs;
}

std::vector<std::size_t> RuinAndRecreate::blocking(std::size_t job) const {
  const auto [from, to] = profile_.steps_of(jobs_[job], ideal_[job]);
  std::vector<std::size_t> jobs;
  for (std::size_t j = 0; j < jobs_.size(); ++j) {
    if (j == job || slots_[j].site != ideal_[job].site) continue;
    const auto [first, end] = profile_.steps_of(jobs_[j], slots_[j]);
    if (first < to && from < end) jobs.push_back(j);
  }
  return jobs;
}

void RuinAndRecreate::improve(int trials) {
  std::vector<std::size_t> bad, moved;
  for (int trial = 0; trial < trials; ++trial) {
    if (trial % kTrialsPerLook == 0) bad = badly_placed();
    if (bad.empty()) return;
    moved.assign(1, bad[random_() % bad.size()]);
    auto others = blocking(moved.front());
    shuffle(others, random_);
    moved.insert(moved.end(), others.begin(), others.begin() + std::min<std::ptrdiff_t>(kMostMoved, std::ssize(others)));
    // The badly placed job comes first; the others in random order, or by slack.
    if (random_() % 2 == 0)
      std::sort(moved.begin() + 1, moved.end(),
                [this](std::size_t a, std::size_t b) { return std::pair(jobs_[a].latest, a) < std::pair(jobs_[b].latest, b); });
    replace(moved);
  }
}

void RuinAndRecreate::replace(std::vector<std::size_t>& jobs) {
  std::vector<Slot> before;
  double gain = 0;
  for (const auto job : jobs) {
    before.push_back(slots_[job]);
    profile_.release(jobs_[job], slots_[job]);
  }
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    slots_[jobs[i]] = profile_.best(jobs_[jobs[i]]);
    profile_.reserve(jobs_[jobs[i]], slots_[jobs[i]]);
    gain += before[i].cost - slots_[jobs[i]].cost;
  }
  if (gain > 1e-9) return;
  for (const auto job : jobs) profile_.release(jobs_[job], slots_[job]);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    slots_[jobs[i]] = before[i];
    profile_.reserve(jobs_[jobs[i]], before[i]);
  }
}

bool RuinAndRecreate::any_late() const { return std::any_of(slots_.begin(), slots_.end(), ResourceProfile::is_late); }

void RuinAndRecreate::keep_better(const std::vector<Slot>& other) {
  const auto cost = [](const std::vector<Slot>& slots) {
    return std::accumulate(slots.begin(), slots.end(), 0.0, [](double sum, const Slot& slot) { return sum + slot.cost; });
  };
  if (cost(other) > cost(slots_)) return;
  release_all();
  slots_ = other;
  for (std::size_t j = 0; j < jobs_.size(); ++j) profile_.reserve(jobs_[j], slots_[j]);
  placed_ = true;
}

}  // namespace carbon::planner

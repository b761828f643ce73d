// SPDX-License-Identifier: Apache-2.0
#include "planner/ruin_and_recreate.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace carbon::planner {
namespace {

constexpr std::size_t kMostMoved = 6;  // beside the job that stands badly
constexpr int kTrialsPerLook = 16;

// std::shuffle is not the same on every standard library; this is.
void shuffle(std::span<std::size_t> values, std::mt19937& random) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random() % i]);
}

}  // namespace

PlanSearch::PlanSearch(Timetable& table, std::span<const PlanJob> jobs) : table_(table), jobs_(jobs), slots_(jobs.size()) {
  ideal_.reserve(jobs.size());
  for (const auto& job : jobs) ideal_.push_back(table.ideal(job));
}

std::vector<std::size_t> PlanSearch::least_slack_first() const {
  std::vector<std::size_t> order(jobs_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [this](std::size_t a, std::size_t b) { return jobs_[a].latest < jobs_[b].latest; });
  return order;
}

void PlanSearch::take_out_all() {
  for (std::size_t j = 0; placed_ && j < jobs_.size(); ++j) table_.give_back(jobs_[j], slots_[j]);
  placed_ = false;
}

void PlanSearch::insert_all() {
  insert([this](const PlanJob& job) { return table_.best(job); });
}

void PlanSearch::pack() {
  insert([this](const PlanJob& job) { return table_.earliest(job); });
}

void PlanSearch::insert(const std::function<Slot(const PlanJob&)>& where) {
  take_out_all();
  for (const auto job : least_slack_first()) {
    slots_[job] = where(jobs_[job]);
    table_.take(jobs_[job], slots_[job]);
  }
  placed_ = true;
}

std::vector<std::size_t> PlanSearch::badly_placed() const {
  std::vector<std::size_t> jobs;
  for (std::size_t j = 0; j < jobs_.size(); ++j) {
    if (slots_[j].cost > ideal_[j].cost * (1 + 1e-6)) jobs.push_back(j);
  }
  return jobs;
}

std::vector<std::size_t> PlanSearch::in_the_way_of(std::size_t job) const {
  const auto [from, to] = table_.steps_of(jobs_[job], ideal_[job]);
  std::vector<std::size_t> jobs;
  for (std::size_t j = 0; j < jobs_.size(); ++j) {
    if (j == job || slots_[j].site != ideal_[job].site) continue;
    const auto [first, end] = table_.steps_of(jobs_[j], slots_[j]);
    if (first < to && from < end) jobs.push_back(j);
  }
  return jobs;
}

void PlanSearch::improve(int trials) {
  std::vector<std::size_t> bad, moved;
  for (int trial = 0; trial < trials; ++trial) {
    if (trial % kTrialsPerLook == 0) bad = badly_placed();
    if (bad.empty()) return;
    moved.assign(1, bad[random_() % bad.size()]);
    auto others = in_the_way_of(moved.front());
    shuffle(others, random_);
    moved.insert(moved.end(), others.begin(), others.begin() + std::min<std::ptrdiff_t>(kMostMoved, std::ssize(others)));
    // The one that stands badly comes first; the others by chance, or by slack.
    if (random_() % 2 == 0)
      std::sort(moved.begin() + 1, moved.end(),
                [this](std::size_t a, std::size_t b) { return std::pair(jobs_[a].latest, a) < std::pair(jobs_[b].latest, b); });
    replace(moved);
  }
}

void PlanSearch::replace(std::vector<std::size_t>& jobs) {
  std::vector<Slot> before;
  double gain = 0;
  for (const auto job : jobs) {
    before.push_back(slots_[job]);
    table_.give_back(jobs_[job], slots_[job]);
  }
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    slots_[jobs[i]] = table_.best(jobs_[jobs[i]]);
    table_.take(jobs_[jobs[i]], slots_[jobs[i]]);
    gain += before[i].cost - slots_[jobs[i]].cost;
  }
  if (gain > 1e-9) return;
  for (const auto job : jobs) table_.give_back(jobs_[job], slots_[job]);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    slots_[jobs[i]] = before[i];
    table_.take(jobs_[jobs[i]], before[i]);
  }
}

bool PlanSearch::any_late() const { return std::any_of(slots_.begin(), slots_.end(), Timetable::is_late); }

void PlanSearch::keep_better(const std::vector<Slot>& other) {
  const auto cost = [](const std::vector<Slot>& slots) {
    return std::accumulate(slots.begin(), slots.end(), 0.0, [](double sum, const Slot& slot) { return sum + slot.cost; });
  };
  if (cost(other) > cost(slots_)) return;
  take_out_all();
  slots_ = other;
  for (std::size_t j = 0; j < jobs_.size(); ++j) table_.take(jobs_[j], slots_[j]);
  placed_ = true;
}

}  // namespace carbon::planner

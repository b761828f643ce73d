// SPDX-License-Identifier: Apache-2.0
#include "replay/planner_run.h"

#include <algorithm>

#include "policies/policy.h"

namespace carbon::replay {
namespace {

constexpr Duration kRound = std::chrono::minutes(15);
constexpr double kUnknownTransfer = 1e12;  // grams: where the cost of a move is not known, the job stays

template <class T>
void erase_at(std::vector<T>& v, std::size_t i) {
  v.erase(v.begin() + static_cast<std::ptrdiff_t>(i));
}

std::size_t index_of(const std::vector<std::size_t>& v, std::size_t job) {
  return static_cast<std::size_t>(std::find(v.begin(), v.end(), job) - v.begin());
}

}  // namespace

PlannerDecider::PlannerDecider(const Trace& trace, const Setting& setting, std::span<const JobRun> run_now)
    : trace_(trace),
      setting_(setting),
      run_now_(trace, setting, run_now),
      requests_(trace, setting),
      planned_(trace.jobs.size()),
      max_delay_(trace.jobs.size()),
      statistics_{planner::RuntimeStatistics(requests_.class_mean(0)), planner::RuntimeStatistics(requests_.class_mean(1))} {}

Instant PlannerDecider::latest_start(std::size_t job) const {
  const Instant cap = trace_.jobs[job].arrival + max_delay_[job];
  return setting_.runtime == RuntimeSource::kExact ? std::max(cap, run_now_.start(job)) : cap;
}

void PlannerDecider::learn(Instant now) {
  if (setting_.runtime != RuntimeSource::kClassMean) return;
  if (!runtimes_[0].empty() && ended_ < learned_from_ + 1 + learned_from_ / 50) return;
  learned_from_ = ended_;
  std::array<std::vector<Duration>, 2> so_far;
  for (std::size_t i = 0; i < running_.size(); ++i) so_far[class_of(running_[i])].push_back(now - running_jobs_[i].started);
  for (std::size_t c = 0; c < 2; ++c) runtimes_[c] = statistics_[c].atoms(so_far[c]);
  for (std::size_t i = 0; i < pending_.size(); ++i) pending_jobs_[i].runtimes = runtimes_[class_of(pending_[i])];
  for (std::size_t i = 0; i < running_.size(); ++i) running_jobs_[i].runtimes = runtimes_[class_of(running_[i])];
}

std::vector<double> PlannerDecider::transfers(const JobRequest& request, Instant now) const {
  if (request.data_gb <= 0) return {};
  std::vector<policies::SiteForecast> sites;
  for (std::size_t s = 0; s < setting_.sites.size(); ++s)
    sites.push_back({series_ahead(s, now), setting_.sites[s].pue, setting_.sites[s].transfer_kwh_per_gb});
  std::vector<double> grams;
  for (std::size_t s = 0; s < sites.size(); ++s) {
    const auto transfer = transfer_emission(request, sites, s);
    grams.push_back(transfer ? transfer->value() : kUnknownTransfer);
  }
  return grams;
}

void PlannerDecider::decide(Instant now, std::span<const std::size_t> arrived, std::vector<Decision>& decisions) {
  std::vector<planner::PlanSite> sites;
  for (std::size_t s = 0; s < setting_.sites.size(); ++s) {
    sites.push_back({series_ahead(s, now), setting_.sites[s].pue, static_cast<double>(setting_.sites[s].capacity)});
  }
  for (const auto job : arrived) {
    const JobRequest r = requests_.arrived(job);
    max_delay_[job] = r.max_delay;
    run_now_.arrived(job);
    pending_.push_back(job);
    pending_jobs_.push_back({.ready = r.ready,
                             .latest = r.ready + r.max_delay,
                             .runtime = r.runtime,
                             .runtimes = runtimes_[class_of(job)],
                             .units = static_cast<double>(trace_.jobs[job].width),
                             .power = r.power,
                             .sites = r.sites,
                             .transfer_g = transfers(r, now)});
    planner_.arrived(pending_jobs_.back());
  }
  wake_ = Instant((now.time_since_epoch() / kRound + 1) * kRound);
  if (pending_.empty()) return;
  learn(now);
  if (setting_.runtime == RuntimeSource::kExact) run_now_.advance(now);
  for (std::size_t i = 0; i < pending_.size(); ++i) pending_jobs_[i].latest = latest_start(pending_[i]);
  const auto placements = planner_.plan(now, pending_jobs_, running_jobs_, sites);
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    const bool is_new = trace_.jobs[pending_[i]].arrival == now;
    if (!is_new && planned_[pending_[i]] == placements[i]) continue;
    planned_[pending_[i]] = placements[i];
    decisions.push_back({pending_[i], placements[i], {}});
  }
}

void PlannerDecider::started(std::size_t job, std::size_t site, Instant now) {
  const std::size_t i = index_of(pending_, job);
  running_.push_back(job);
  running_jobs_.push_back({site, pending_jobs_[i].units, now, pending_jobs_[i].runtime, pending_jobs_[i].runtimes});
  erase_at(pending_, i);
  erase_at(pending_jobs_, i);
}

void PlannerDecider::ended(std::size_t job, Instant now) {
  const std::size_t i = index_of(running_, job);
  erase_at(running_, i);
  erase_at(running_jobs_, i);
  requests_.ended(job);
  statistics_[class_of(job)].finished(trace_.jobs[job].runtime);
  ++ended_;
  // Where lengths are not known, an end is news; and where units are short, somebody waits for them.
  if (setting_.runtime != RuntimeSource::kExact || planner_.short_of_capacity()) wake_ = now;
}

std::optional<Instant> PlannerDecider::wake() const { return pending_.empty() ? std::nullopt : wake_; }

}  // namespace carbon::replay

// SPDX-License-Identifier: Apache-2.0
#include "replay/planner_run.h"

#include <algorithm>

#include "policies/policy.h"

namespace carbon::replay {
namespace {

constexpr Duration kRound = std::chrono::minutes(15);

template <class Job>
auto find_job(std::vector<Job>& jobs, std::size_t id) {
  return std::find_if(jobs.begin(), jobs.end(), [id](const auto& job) { return job.id == id; });
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
  for (const auto& job : running_) so_far[class_of(job.id)].push_back(now - job.started);
  for (std::size_t c = 0; c < 2; ++c) runtimes_[c] = statistics_[c].atoms(so_far[c]);
  for (auto& job : pending_) job.runtimes = runtimes_[class_of(job.id)];
  for (auto& job : running_) job.runtimes = runtimes_[class_of(job.id)];
}

std::vector<double> PlannerDecider::transfers(const JobRequest& request, Instant now) const {
  if (request.data_gb <= 0) return {};
  std::vector<SiteForecast> sites;
  for (std::size_t s = 0; s < setting_.sites.size(); ++s)
    sites.push_back({series_ahead(s, now), setting_.sites[s].pue, setting_.sites[s].transfer_kwh_per_gb});
  std::vector<double> grams;
  for (std::size_t s = 0; s < sites.size(); ++s) {
    const auto transfer = policies::transfer_emission(request, sites, s);
    grams.push_back(transfer ? transfer->value() : planner::kUnknownTransfer);
  }
  return grams;
}

void PlannerDecider::decide(Instant now, std::span<const std::size_t> arrived, std::vector<Decision>& decisions) {
  std::vector<planner::PlanSite> sites;
  for (std::size_t s = 0; s < setting_.sites.size(); ++s) {
    sites.push_back({{series_ahead(s, now), setting_.sites[s].pue}, static_cast<double>(setting_.sites[s].capacity)});
  }
  for (const auto job : arrived) {
    const JobRequest r = requests_.arrived(job);
    max_delay_[job] = r.max_delay;
    run_now_.arrived(job);
    pending_.push_back({.ready = r.ready,
                        .latest = r.ready + r.max_delay,
                        .runtime = r.runtime,
                        .runtimes = runtimes_[class_of(job)],
                        .units = static_cast<double>(trace_.jobs[job].width),
                        .power = r.power,
                        .sites = r.sites,
                        .transfer_g = transfers(r, now),
                        .id = job});
    planner_.arrived(pending_.back());
  }
  wake_ = Instant((now.time_since_epoch() / kRound + 1) * kRound);
  if (pending_.empty()) return;
  learn(now);
  if (setting_.runtime == RuntimeSource::kExact) run_now_.advance(now);
  for (auto& job : pending_) job.latest = latest_start(job.id);
  const auto placements = planner_.plan(now, pending_, running_, sites);
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    const auto job = pending_[i].id;
    const bool is_new = trace_.jobs[job].arrival == now;
    if (!is_new && planned_[job] == placements[i]) continue;
    planned_[job] = placements[i];
    decisions.push_back({job, placements[i], {}});
  }
}

void PlannerDecider::started(std::size_t job, std::size_t site, Instant now) {
  const auto pending = find_job(pending_, job);
  running_.push_back({site, pending->units, now, pending->runtime, pending->runtimes, job});
  pending_.erase(pending);
}

void PlannerDecider::ended(std::size_t job, Instant now) {
  running_.erase(find_job(running_, job));
  requests_.ended(job);
  statistics_[class_of(job)].finished(trace_.jobs[job].runtime);
  ++ended_;
  // The end of a job is a reason to plan again if run times are not known, or if other jobs wait for its units.
  if (setting_.runtime != RuntimeSource::kExact || planner_.short_of_capacity()) wake_ = now;
}

std::optional<Instant> PlannerDecider::wake() const { return pending_.empty() ? std::nullopt : wake_; }

}  // namespace carbon::replay

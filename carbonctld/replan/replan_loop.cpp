// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/replan/replan_loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace carbon::carbonctld {

Duration ReplanLoop::round(Instant now) {
  const auto series = series_();
  if (!series || series->size() != config_.sites.size()) return config_.replan.interval;
  const auto queue = slurm_.queue(config_.other_clusters());
  if (!queue) {
    set_problem(queue.error().message);
    return config_.replan.interval;
  }
  if (is_standby(*queue)) {
    set_problem("standby: slurmctld is active on " + queue->active);
    return config_.replan.interval;
  }
  std::vector<SiteForecast> ahead;
  for (std::size_t s = 0; s < series->size(); ++s)
    ahead.push_back({(*series)[s].series.view(), config_.sites[s].pue_at(now), config_.sites[s].transfer_kwh_per_gb});
  const auto interruptions = plan_interruptions(*queue, config_, ahead, now);
  interrupt(interruptions);
  if (is_led_()) {
    set_problem("the leader " + config_.carbonctld.leader + " plans for the federation");
  } else {
    plan(*queue, ahead, now);
    set_problem("");
  }
  if (!interruptions.next) return config_.replan.interval;
  return std::clamp<Duration>(*interruptions.next - now, std::chrono::seconds(1), config_.replan.interval);
}

void ReplanLoop::plan(const SlurmQueue& queue, std::span<const SiteForecast> ahead, Instant now) {
  auto round = replanner_.round({now, queue, ahead, config_.carbonctld.leads()});
  send(round);
  const std::lock_guard lock(mutex_);
  view_.at = now;
  view_.deferred = std::move(round.deferred);
  view_.guarantees = std::move(round.guarantees);
  view_.running = std::move(round.running);
  view_.queued = std::move(round.queued);
  ++counts_.rounds;
  view_.clusters = {config_.cluster};
  if (config_.carbonctld.leads()) view_.clusters.insert(view_.clusters.end(), queue.others.begin(), queue.others.end());
}

// With backups of slurmctld each controller host has a carbonctld. One on any other host always plans.
bool ReplanLoop::is_standby(const SlurmQueue& queue) const {
  const auto short_name = [](const std::string& host) { return host.substr(0, host.find('.')); };
  const auto is_own = [&](const std::string& host) { return short_name(host) == short_name(host_); };
  return !queue.active.empty() && !is_own(queue.active) &&
         std::any_of(queue.controllers.begin(), queue.controllers.end(), is_own);
}

// The token is written first: after a restart the interruption goes on from there.
void ReplanLoop::interrupt(const InterruptRound& round) {
  const int signal = job_signal(config_.placement.interrupt.signal).value();  // config/ accepts no other
  const auto failed = [](const std::string& job, const Status& done) {
    if (!done) spdlog::warn("job={} not interrupted: {}", job, done.error().message);
    return !done;
  };
  for (const auto& i : round.signals) {
    if (failed(i.token.id, slurm_.change_job(i.token)) || failed(i.token.id, slurm_.signal_job(i.job_id, signal))) continue;
    count([](auto& c) { ++c.interruptions; });
    spdlog::info("job={} signalled to write its checkpoint (SIG{}) why=\"{}\"", i.token.id, config_.placement.interrupt.signal,
                 i.why);
  }
  for (const auto id : round.requeues) {
    if (!failed(std::to_string(id), slurm_.requeue_job(id))) spdlog::info("job={} requeued", id);
  }
  for (const auto& change : round.resumptions) {
    if (!failed(change.id, slurm_.change_job(change)))
      spdlog::info("job={} starts again at {}", change.id, format_utc(*change.begin));
  }
}

// Slurm refuses changes of jobs that have started or ended since; the next round sees their new state. Slurm sets AdminComment
// before it refuses the begin time, so the token of such a job names a plan that was not carried out.
void ReplanLoop::send(const ReplanRound& round) {
  for (const auto& change : round.changes) {
    const auto done = slurm_.change_job(change);
    if (!done) {
      spdlog::warn("job={} not changed: {}", change.id, done.error().message);
      if (change.partition || change.features || change.clusters) replanner_.refused(change.id);
      count([](auto& c) { ++c.refused; });
      continue;
    }
    const std::string reason(to_string(change.reason));
    count([&](auto& c) { ++c.changes[reason]; });
    spdlog::info("job={} begin={} clusters={} partition={} features={} why=\"{}\"", change.id,
                 change.begin ? format_utc(*change.begin) : "-", change.clusters.value_or("-"), change.partition.value_or("-"),
                 change.features.value_or("-"), reason);
  }
}

void ReplanLoop::set_problem(const std::string& problem) {
  const std::lock_guard lock(mutex_);
  if (problem == view_.problem) return;
  problem.empty() ? spdlog::info("re-planning resumed") : spdlog::warn("no re-planning: {}; begin times are unchanged", problem);
  view_.problem = problem;
}

QueueView ReplanLoop::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

ReplanCounts ReplanLoop::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace carbon::carbonctld

// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/replan/replan_decisions.h"

#include <algorithm>
#include <cmath>

#include "carbonctld/replan/start_guarantee.h"

namespace carbon::carbonctld {
namespace {

constexpr std::ptrdiff_t kMostQueueing = 1000;

}  // namespace

std::vector<Move> ReplanDecisions::moves(planner::Planner& planner) {
  auto moves = as_planned(planner);
  undo_small_gains(moves);
  undo_needless_yields(moves);
  release_without_gain(moves);
  bound_idle_share(moves);
  keep_guarantees(moves);
  return moves;
}

std::optional<double> ReplanDecisions::grams(const WaitingJob& w, const Placement& to) const {
  const auto run = policies::emission(ahead_[to.site], to.start, w.runtime, w.power);
  if (!run) return std::nullopt;
  const auto transfer = policies::transfer_emission(request(w), ahead_, to.site);
  if (!transfer) return std::nullopt;
  return run->value() + transfer->value();
}

JobRequest ReplanDecisions::request(const WaitingJob& w) {
  JobRequest r;
  r.ready = w.job->submit;
  r.runtime = w.runtime;
  r.power = w.power;
  r.home = w.home;
  r.sites = w.sites | std::uint64_t{1} << w.home;
  r.data_gb = w.data_gb;
  return r;
}

planner::PlanJob ReplanDecisions::plan_job(const WaitingJob& w) const {
  planner::PlanJob job{.ready = w.job->submit,
                       .latest = w.latest,
                       .runtime = w.runtime,
                       .runtimes = {},
                       .units = w.job->units(),
                       .power = w.power,
                       .sites = w.sites,
                       .transfer_g = {}};
  if (w.data_gb <= 0) return job;
  for (std::size_t s = 0; s < ahead_.size(); ++s) {
    const auto transfer = policies::transfer_emission(request(w), ahead_, s);
    job.transfer_g.push_back(transfer ? transfer->value() : planner::kUnknownTransfer);
  }
  return job;
}

// Plans all jobs that wait for GPUs. Queueing jobs are part of the plan: they start as soon as they fit.
std::vector<Move> ReplanDecisions::as_planned(planner::Planner& planner) const {
  if (reading_.waiting.empty()) return {};
  std::vector<planner::PlanSite> sites;
  for (std::size_t s = 0; s < ahead_.size(); ++s) sites.push_back({ahead_[s], std::max(reading_.capacity[s], 1e-3)});
  std::vector<planner::PlanJob> jobs;
  for (const auto& w : reading_.waiting) jobs.push_back(plan_job(w));
  for (const auto* q : first_in_queue()) {
    jobs.push_back({.ready = q->job->submit,
                    .latest = now_,
                    .runtime = q->runtime,
                    .runtimes = {},
                    .units = q->job->units(),
                    .power = config_.placement.gpu_power * q->job->units(),
                    .sites = std::uint64_t{1} << q->site,
                    .transfer_g = {}});
  }
  for (auto& job : jobs) job.units = std::min(job.units, largest_capacity(job.sites));
  std::vector<planner::RunningJob> running;
  for (const auto& r : reading_.running) running.push_back({r.site, r.job->gpus, r.job->started, r.runtime, {}});
  const auto placements = planner.plan(now_, jobs, running, sites);
  std::vector<Move> moves;
  for (std::size_t i = 0; i < reading_.waiting.size(); ++i)
    moves.push_back({&reading_.waiting[i], placements[i], Reason::kAsPlanned, false});
  return moves;
}

// Jobs at the end of a long queue start too late to matter, and each costs planning time.
std::vector<const QueueingJob*> ReplanDecisions::first_in_queue() const {
  std::vector<const QueueingJob*> line;
  for (const auto& q : reading_.queueing) line.push_back(&q);
  const auto last = line.begin() + std::min<std::ptrdiff_t>(std::ssize(line), kMostQueueing);
  std::partial_sort(line.begin(), last, line.end(), [](const auto* a, const auto* b) {
    return a->job->priority != b->job->priority ? a->job->priority > b->job->priority : a->job->job_id < b->job->job_id;
  });
  line.erase(last, line.end());
  return line;
}

double ReplanDecisions::largest_capacity(std::uint64_t among) const {
  double most = 1e-3;
  for (std::size_t s = 0; s < ahead_.size(); ++s) {
    if ((among >> s & 1) != 0) most = std::max(most, reading_.capacity[s]);
  }
  return most;
}

Placement ReplanDecisions::current(const WaitingJob& w) const { return {w.site, w.planned}; }
void ReplanDecisions::undo(Move& m) const { m = {m.job, current(*m.job), Reason::kAsPlanned, false}; }

void ReplanDecisions::undo_small_gains(std::vector<Move>& moves) const {
  for (auto& m : moves) {
    const auto unmoved = grams(*m.job, current(*m.job)), moved = grams(*m.job, m.to);
    if (!unmoved || !moved) {
      undo(m);
      continue;
    }
    const bool little = std::abs(*unmoved - *moved) < config_.replan.min_gain * std::max(*unmoved, 1e-9);
    const bool nowhere = reading_.capacity[m.to.site] <= 0;  // all of its nodes are down: whether the job fits is not known
    const bool worse_elsewhere = m.to.site != m.job->site && *moved >= *unmoved;
    if (little || nowhere || worse_elsewhere || m.to.start > m.job->latest) {
      undo(m);
    } else {
      m.reason = *moved < *unmoved ? Reason::kLessCarbon : Reason::kRoomForOthers;
    }
  }
}

// A job moves to a dirtier time only if others need the GPUs of its current time.
void ReplanDecisions::undo_needless_yields(std::vector<Move>& moves) const {
  for (auto& m : moves) {
    if (m.reason != Reason::kRoomForOthers) continue;
    double used = m.job->job->units();
    const Interval window{m.job->planned, m.job->planned + m.job->runtime};
    for (const auto& r : reading_.running) {
      if (r.site == m.job->site && r.expected_end() > window.start) used += r.job->gpus;
    }
    for (const auto& other : moves) {
      if (&other == &m) continue;
      const auto place = other.reason == Reason::kRoomForOthers ? current(*other.job) : other.to;
      const bool meets = place.start < window.end && window.start < place.start + other.job->runtime;
      if (place.site == m.job->site && meets) used += other.job->job->units();
    }
    if (used <= reading_.capacity[m.job->site]) {
      undo(m);
    } else {
      m.reason = Reason::kOthersNeedTime;
    }
  }
}

// A job whose expected saving has vanished, or is below the site's minimum, is released.
void ReplanDecisions::release_without_gain(std::vector<Move>& moves) const {
  const double least = std::max(config_.placement.min_saving, config_.replan.min_gain);
  for (auto& m : moves) {
    const auto at_once = grams(*m.job, {m.to.site, now_}), then = grams(*m.job, m.to);
    if (!at_once || !then || *then < *at_once * (1 - least)) continue;
    m.to.start = now_;
    m.reason = Reason::kNothingToGain;
    m.must = true;
  }
}

// Deferral may leave at most a share of a site's GPUs idle: the jobs that save least are released first.
void ReplanDecisions::bound_idle_share(std::vector<Move>& moves) const {
  if (config_.placement.max_idle_share >= 1) return;
  for (std::size_t s = 0; s < ahead_.size(); ++s) {
    double free = reading_.capacity[s];
    for (const auto& r : reading_.running) free -= r.site == s ? r.job->gpus : 0;
    for (const auto& q : reading_.queueing) free -= q.site == s ? q.job->units() : 0;
    std::vector<Move*> deferred;
    for (auto& m : moves) {
      if (m.to.site != s) continue;
      if (m.to.start <= now_) free -= m.job->job->units();
      if (m.to.start > now_) deferred.push_back(&m);
    }
    std::stable_sort(deferred.begin(), deferred.end(), [&](auto* a, auto* b) { return saved_per_unit(*a) < saved_per_unit(*b); });
    double left_idle = 0;
    for (const auto* m : deferred) left_idle += m->job->job->units();
    for (auto* m : deferred) {
      if (std::min(free, left_idle) <= config_.placement.max_idle_share * reading_.capacity[s]) break;
      const double units = m->job->job->units();
      free -= units;
      left_idle -= units;
      m->to.start = now_;
      m->reason = Reason::kTooManyIdle;
      m->must = true;
    }
  }
}

double ReplanDecisions::saved_per_unit(const Move& m) const {
  const auto at_once = grams(*m.job, {m.to.site, now_}), then = grams(*m.job, m.to);
  return at_once && then ? (*at_once - *then) / std::max(m.job->job->units(), 1e-9) : 0.0;
}

void ReplanDecisions::keep_guarantees(std::vector<Move>& moves) const {
  for (std::size_t s = 0; s < ahead_.size(); ++s) {
    SiteQueue site{now_, reading_.capacity[s], {}, {}, {}};
    for (const auto& r : reading_.running) {
      if (r.site == s) site.running.push_back({r.job->gpus, r.job->started, limit_of(*r.job, r.runtime)});
    }
    for (const auto& q : reading_.queueing) {
      if (q.site != s) continue;
      site.queueing.push_back({q.job->units(), now_, limit_of(*q.job, q.runtime), priority_of(*q.job)});
    }
    std::vector<Move*> at_site;
    for (auto& m : moves) {
      if (m.to.site != s) continue;
      at_site.push_back(&m);
      const auto& job = *m.job->job;
      site.deferred.push_back(
          {job.units(), std::max(m.to.start, now_), limit_of(job, m.job->runtime), priority_of(job), m.job->latest, job.submit});
    }
    const auto released = release_for_guarantees(site);
    for (const auto i : released) {
      if (at_site[i]->to.start <= now_) continue;
      at_site[i]->to.start = now_;
      at_site[i]->reason = Reason::kLongQueue;
      at_site[i]->must = true;
    }
  }
}

Duration ReplanDecisions::limit_of(const QueuedJob& job, Duration expected) {
  return job.limit > Duration::zero() ? job.limit : expected;
}
double ReplanDecisions::priority_of(const QueuedJob& job) { return job.priority; }

}  // namespace carbon::carbonctld

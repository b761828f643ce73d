// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/replan/replan.h"

#include <algorithm>
#include <map>

#include "carbonctld/replan/replan_decisions.h"
#include "placement/fit.h"

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

constexpr Duration kSameTime = 2s;   // a begin time that would move by less is unchanged
constexpr int kStartsPerSecond = 4;  // at a site; further jobs start a second later
constexpr std::int64_t kFrontNice = -1'000'000;
constexpr std::uint32_t kHighestPriority = 0xfffffff0;  // higher values have a special meaning in Slurm

Instant second_of(Instant t) { return std::chrono::ceil<std::chrono::seconds>(t); }

// Spreads begin times: at most a few per second and site.
class Spacing {
 public:
  void add(std::size_t site, Instant at) { ++starts_[{site, at}]; }
  Instant next(std::size_t site, Instant from, Instant latest) {
    Instant at = from;
    while (at + 1s <= latest && starts_[{site, at}] >= kStartsPerSecond) at += 1s;
    add(site, at);
    return at;
  }

 private:
  std::map<std::pair<std::size_t, Instant>, int> starts_;
};

// The job's constraint, with the features of site `from` replaced by those of `to`.
std::string constraint_moved(const std::string& constraint, const Site& from, const Site& to) {
  std::string out;
  const auto add = [&out](std::string_view feature) { (out += out.empty() ? "" : "&") += feature; };
  for (const auto feature : placement::plain_constraint(constraint).value_or(std::vector<std::string_view>{})) {
    if (std::find(from.features.begin(), from.features.end(), feature) == from.features.end()) add(feature);
  }
  for (const auto& feature : to.features) add(feature);
  return out;
}

JobChange change_for(const Move& m, Instant begin, const config::Config& config) {
  const auto& w = *m.job;
  JobChange change;
  change.id = w.job->id;
  if (begin != w.planned) change.begin = begin;
  const auto &from = config.sites[w.site], &to = config.sites[m.to.site];
  if (to.cluster != from.cluster) {
    change.clusters = to.cluster.empty() ? config.cluster : to.cluster;
  } else if (m.to.site != w.site) {
    const auto position = static_cast<std::size_t>(std::find(from.partitions.begin(), from.partitions.end(), w.job->partition) -
                                                   from.partitions.begin());
    if (to.partitions[position] != w.job->partition) change.partition = to.partitions[position];
    if (to.features != from.features) change.features = constraint_moved(w.job->features, from, to);
  }
  auto token = w.token;
  token.site = config.sites[m.to.site].name;
  // The other cluster's record begins now; the counterfactual counts from the user's submission.
  if (change.clusters && !token.submit) token.submit = w.job->submit;
  token.planned = begin;
  change.admin_comment = token.put_into(w.job->admin_comment);
  return change;
}

DeferredJob row_for(const Move& m, Instant begin, const ReplanDecisions& decisions, const config::Config& config, Instant now) {
  const auto& w = *m.job;
  DeferredJob row;
  row.id = w.job->id;
  row.name = w.job->name;
  row.user = w.job->user;
  row.account = w.job->account;
  row.partition = w.job->partition;
  row.mode = to_string(w.mode);
  row.home = config.sites[w.home].name;
  row.site = config.sites[m.to.site].name;
  row.uid = w.job->uid;
  row.gpus = w.job->units();
  row.submit = w.job->submit;
  row.planned = begin;
  row.latest = w.latest;
  row.cap = w.cap;
  row.runtime = w.runtime;
  if (const auto g = decisions.grams(w, {w.home, now})) row.now_g = GramsCo2e(*g);
  if (const auto g = decisions.grams(w, {m.to.site, begin})) row.planned_g = GramsCo2e(*g);
  row.why = to_string(m.reason);
  return row;
}

// Mandatory moves first, then those that save most.
std::vector<const Move*> in_order(const std::vector<Move>& moves, const ReplanDecisions& decisions) {
  std::vector<std::pair<double, const Move*>> ranked;
  for (const auto& m : moves) {
    const auto before = decisions.grams(*m.job, {m.job->site, m.job->planned}), after = decisions.grams(*m.job, m.to);
    ranked.emplace_back(m.must ? -1e300 : after.value_or(0) - before.value_or(0), &m);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const Move*> out;
  for (const auto& [rank, move] : ranked) out.push_back(move);
  return out;
}

bool changes_anything(const Move& m) {
  return m.to.site != m.job->site || std::chrono::abs(m.to.start - m.job->planned) >= kSameTime;
}

JobNow job_now(const QueuedJob& job, std::size_t site, const config::Config& config) {
  JobNow row;
  row.id = job.id;
  row.name = job.name;
  row.user = job.user;
  row.account = job.account;
  row.partition = job.partition;
  row.site = config.sites[site].name;
  row.uid = job.uid;
  row.gpus = job.units();
  row.submit = job.submit;
  row.start = job.started;
  return row;
}

void show_jobs(const QueueReading& reading, const config::Config& config, ReplanRound& out) {
  for (const auto& r : reading.running) {
    auto row = job_now(*r.job, r.site, config);
    row.expected_end = r.expected_end();
    out.running.push_back(std::move(row));
  }
  for (const auto& q : reading.queueing) {
    if (!q.ours) continue;
    out.queued.push_back(job_now(*q.job, q.site, config));
    out.queued.back().latest = q.ours->latest;
  }
}

bool is_near_cap(const WaitingJob& w, const config::Config& config, Instant now) {
  return now >= w.latest - std::max(2 * config.replan.interval, (w.latest - w.job->submit) / 10);
}

std::vector<GuaranteeStatus> guarantees_of(const QueueReading& reading, const config::Config& config, Instant now) {
  std::vector<GuaranteeStatus> out(config.sites.size());
  for (const auto& w : reading.waiting) out[w.site].near += is_near_cap(w, config, now);
  for (const auto& q : reading.queueing) {
    if (!q.ours) continue;
    auto& site = out[q.site];
    ++site.queued;
    site.near += is_near_cap(*q.ours, config, now);
    site.overdue += now > q.ours->latest;
  }
  return out;
}

// A job that is past its planned start and near its guaranteed latest start goes to the front, by the means that the site allows.
void raise_near_cap(const QueueReading& reading, const config::Config& config, Instant now, ReplanRound& out) {
  if (config.replan.near_cap == config::NearCap::kNone) return;
  std::uint32_t highest = 0;
  for (const auto& q : reading.queueing) highest = std::max(highest, q.job->priority);
  for (const auto& q : reading.queueing) {
    if (!q.ours) continue;
    const auto& w = *q.ours;
    if (!is_near_cap(w, config, now)) continue;
    JobChange change;
    change.id = w.job->id;
    if (config.replan.near_cap == config::NearCap::kNice) {
      // slurmctld adds nice to the priority. Without the multifactor plugin that is near its upper bound, where it would wrap
      // around.
      const auto room = std::int64_t{kHighestPriority} - w.job->priority, boost = std::min(w.job->nice - kFrontNice, room);
      if (boost <= 0) continue;
      change.nice = w.job->nice - boost;
    } else {
      if (w.job->priority >= highest) continue;
      change.priority = highest = std::min(highest, kHighestPriority - 1) + 1;
    }
    out.changes.push_back({change, Reason::kNearLatestStart});
  }
}

}  // namespace

void Replanner::note_arrivals(const QueueReading& reading) {
  std::vector<std::pair<Instant, planner::PlanJob>> arrived;
  const auto note = [&](const QueuedJob& job, std::size_t site, Duration runtime, Instant latest) {
    if (job.submit <= last_arrival_) return;
    arrived.emplace_back(job.submit, planner::PlanJob{.ready = job.submit,
                                                      .latest = std::max(latest, job.submit),
                                                      .runtime = runtime,
                                                      .runtimes = {},
                                                      .units = job.units(),
                                                      .power = config_.placement.gpu_power * job.units(),
                                                      .sites = std::uint64_t{1} << site,
                                                      .transfer_g = {}});
  };
  for (const auto& w : reading.waiting) note(*w.job, w.site, w.runtime, w.cap);
  for (const auto& q : reading.queueing) note(*q.job, q.site, q.runtime, q.job->submit);
  for (const auto& r : reading.running) note(*r.job, r.site, r.runtime, r.job->submit);
  std::stable_sort(arrived.begin(), arrived.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [at, job] : arrived) planner_.arrived(job);
  if (!arrived.empty()) last_arrival_ = arrived.back().first;
}

ReplanRound Replanner::round(const ReplanInput& input) {
  auto reading = read_queue(input.queue, config_, input.now, input.all);
  for (auto& w : reading.waiting) {
    if (bound_to_site_.contains(w.job->id)) w.sites = std::uint64_t{1} << w.site;
  }
  note_arrivals(reading);
  ReplanRound out;
  out.guarantees = guarantees_of(reading, config_, input.now);
  show_jobs(reading, config_, out);
  for (const auto& change : reading.given_up) out.changes.push_back({change, Reason::kUserChoice});
  for (const auto& change : reading.called_back) out.changes.push_back({change, Reason::kRefusedByCluster});
  raise_near_cap(reading, config_, input.now, out);
  ReplanDecisions decisions(config_, input.now, input.sites, reading);
  const auto moves = decisions.moves(planner_);
  Spacing spacing;
  for (const auto& m : moves) {
    if (!changes_anything(m)) spacing.add(m.job->site, m.job->planned);
  }
  for (const auto* m : in_order(moves, decisions)) {
    Instant begin = m->job->planned;
    if (changes_anything(*m) && out.changes.size() < config_.replan.max_changes) {
      begin = spacing.next(m->to.site, second_of(m->to.start), std::max(m->job->latest, second_of(input.now)));
      out.changes.push_back({change_for(*m, begin, config_), m->reason});
    }
    out.deferred.push_back(row_for(*m, begin, decisions, config_, input.now));
  }
  return out;
}

}  // namespace carbon::carbonctld

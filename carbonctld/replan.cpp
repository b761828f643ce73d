// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/replan.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "carbonctld/promise.h"
#include "policies/policy.h"

namespace carbon::ctld {
namespace {

using namespace std::chrono_literals;

constexpr Duration kSameTime = 2s;   // a begin time that moves by less stays
constexpr int kStartsPerSecond = 4;  // at a site; the next ones begin a second later
constexpr std::ptrdiff_t kMostInLine = 1000;
constexpr const char* kRoom = "room for others";
constexpr std::int64_t kFrontNice = -1'000'000;
constexpr std::uint32_t kHighestPriority = 0xfffffff0;  // what lies above has a meaning of its own in Slurm
constexpr double kUnknownTransfer = 1e12;               // grams: where the cost of a move is not known, the job stays

Instant second_of(Instant t) { return std::chrono::ceil<std::chrono::seconds>(t); }

// The words of a job that waits, and where it is to go.
struct Move {
  const WaitingJob* job = nullptr;
  Placement to;
  const char* why = "";
  bool must = false;  // a promise or a rule asks for it, not the carbon
};

class Round {
 public:
  Round(const Config& config, const ReplanInput& input, const QueueReading& reading)
      : config_(config), input_(input), reading_(reading) {
    for (std::size_t s = 0; s < config.sites.size(); ++s)
      ahead_.push_back({input.series[s], config.sites[s].pue, config.sites[s].transfer_kwh_per_gb});
  }

  std::vector<Move> moves(policies::Planner& planner) {
    auto moves = as_planned(planner);
    keep_where_little_is_gained(moves);
    keep_where_there_is_room(moves);
    release_without_gain(moves);
    bound_idle_share(moves);
    keep_promises(moves);
    return moves;
  }

  // Grams of the job begun at `to`; none where the intensity is not known. What the move of its data costs is in it.
  std::optional<double> grams(const WaitingJob& w, const Placement& to) const {
    const auto run = policies::emission(ahead_[to.site], to.start, w.length, w.power);
    if (!run) return std::nullopt;
    const auto transfer = policies::transfer_emission(request(w), ahead_, to.site);
    if (!transfer) return std::nullopt;
    return run->value() + transfer->value();
  }

 private:
  static JobRequest request(const WaitingJob& w) {
    JobRequest r;
    r.ready = w.job->submit;
    r.length = w.length;
    r.power = w.power;
    r.home = w.home;
    r.sites = w.sites | std::uint64_t{1} << w.home;
    r.data_gb = w.data_gb;
    return r;
  }

  policies::PlanJob plan_job(const WaitingJob& w) const {
    policies::PlanJob job{.ready = w.job->submit,
                          .latest = w.latest,
                          .length = w.length,
                          .lengths = {},
                          .units = w.job->units(),
                          .power = w.power,
                          .sites = w.sites,
                          .transfer_g = {}};
    if (w.data_gb <= 0) return job;
    for (std::size_t s = 0; s < ahead_.size(); ++s) {
      const auto transfer = policies::transfer_emission(request(w), ahead_, s);
      job.transfer_g.push_back(transfer ? transfer->value() : kUnknownTransfer);
    }
    return job;
  }

  // What the planner makes of all jobs that wait for GPUs; those that wait for nothing else are to start as soon as they fit.
  std::vector<Move> as_planned(policies::Planner& planner) const {
    if (reading_.waiting.empty()) return {};
    std::vector<policies::PlanSite> sites;
    for (std::size_t s = 0; s < ahead_.size(); ++s)
      sites.push_back({input_.series[s], ahead_[s].pue, std::max(reading_.capacity[s], 1e-3)});
    std::vector<policies::PlanJob> jobs;
    for (const auto& w : reading_.waiting) jobs.push_back(plan_job(w));
    for (const auto* q : first_in_line()) {
      jobs.push_back({.ready = q->job->submit,
                      .latest = input_.now,
                      .length = q->length,
                      .lengths = {},
                      .units = q->job->units(),
                      .power = config_.placement.gpu_power * q->job->units(),
                      .sites = std::uint64_t{1} << q->site,
                      .transfer_g = {}});
    }
    for (auto& job : jobs) job.units = std::min(job.units, largest_capacity(job.sites));
    const auto places = planner.plan(input_.now, jobs, reading_.running, sites);
    std::vector<Move> moves;
    for (std::size_t i = 0; i < reading_.waiting.size(); ++i)
      moves.push_back({&reading_.waiting[i], places[i], "the plan", false});
    return moves;
  }

  // Whoever stands far behind in a long queue starts too late to matter, and each costs the planner a search.
  std::vector<const QueueingJob*> first_in_line() const {
    std::vector<const QueueingJob*> line;
    for (const auto& q : reading_.queueing) line.push_back(&q);
    const auto last = line.begin() + std::min<std::ptrdiff_t>(std::ssize(line), kMostInLine);
    std::partial_sort(line.begin(), last, line.end(), [](const auto* a, const auto* b) {
      return a->job->priority != b->job->priority ? a->job->priority > b->job->priority : a->job->job_id < b->job->job_id;
    });
    line.erase(last, line.end());
    return line;
  }

  double largest_capacity(std::uint64_t among) const {
    double most = 1e-3;
    for (std::size_t s = 0; s < ahead_.size(); ++s) {
      if ((among >> s & 1) != 0) most = std::max(most, reading_.capacity[s]);
    }
    return most;
  }

  Placement as_it_is(const WaitingJob& w) const { return {w.site, w.planned}; }
  void leave(Move& m) const { m = {m.job, as_it_is(*m.job), "", false}; }

  void keep_where_little_is_gained(std::vector<Move>& moves) const {
    for (auto& m : moves) {
      const auto stay = grams(*m.job, as_it_is(*m.job)), go = grams(*m.job, m.to);
      if (!stay || !go) {
        leave(m);
        continue;
      }
      const bool little = std::abs(*stay - *go) < config_.replan.min_gain * std::max(*stay, 1e-9);
      const bool nowhere = reading_.capacity[m.to.site] <= 0;  // all of its nodes are down: what fits is not known
      const bool worse_elsewhere = m.to.site != m.job->site && *go >= *stay;
      if (little || nowhere || worse_elsewhere || m.to.start > m.job->latest) {
        leave(m);
      } else {
        m.why = *go < *stay ? "less carbon" : kRoom;
      }
    }
  }

  // A job gives way at the cost of carbon only where the GPUs of its time are promised to others as well.
  void keep_where_there_is_room(std::vector<Move>& moves) const {
    for (auto& m : moves) {
      if (m.why != kRoom) continue;
      double taken = m.job->job->units();
      const Interval window{m.job->planned, m.job->planned + m.job->length};
      for (const auto& r : reading_.running) {
        if (r.site == m.job->site && r.started + r.length > window.start) taken += r.units;
      }
      for (const auto& other : moves) {
        if (&other == &m) continue;
        const auto place = other.why == kRoom ? as_it_is(*other.job) : other.to;
        const bool meets = place.start < window.end && window.start < place.start + other.job->length;
        if (place.site == m.job->site && meets) taken += other.job->job->units();
      }
      if (taken <= reading_.capacity[m.job->site]) {
        leave(m);
      } else {
        m.why = "others need its time more";
      }
    }
  }

  // Nobody waits for nothing: neither for a forecast that has come to nothing nor for a saving below the site's least.
  void release_without_gain(std::vector<Move>& moves) const {
    const double least = std::max(config_.placement.min_saving, config_.replan.min_gain);
    for (auto& m : moves) {
      const auto at_once = grams(*m.job, {m.to.site, input_.now}), then = grams(*m.job, m.to);
      if (!at_once || !then || *then < *at_once * (1 - least)) continue;
      m.to.start = input_.now;
      m.why = "nothing to gain any more";
      m.must = true;
    }
  }

  // Deferral may leave idle at most a share of a site's GPUs: those go first that save least.
  void bound_idle_share(std::vector<Move>& moves) const {
    if (config_.placement.max_idle_share >= 1) return;
    for (std::size_t s = 0; s < ahead_.size(); ++s) {
      double free = reading_.capacity[s];
      for (const auto& r : reading_.running) free -= r.site == s ? r.units : 0;
      for (const auto& q : reading_.queueing) free -= q.site == s ? q.job->units() : 0;
      std::vector<Move*> deferred;
      for (auto& m : moves) {
        if (m.to.site != s) continue;
        if (m.to.start <= input_.now) free -= m.job->job->units();
        if (m.to.start > input_.now) deferred.push_back(&m);
      }
      std::stable_sort(deferred.begin(), deferred.end(),
                       [&](auto* a, auto* b) { return saved_per_unit(*a) < saved_per_unit(*b); });
      double left_idle = 0;
      for (const auto* m : deferred) left_idle += m->job->job->units();
      for (auto* m : deferred) {
        if (std::min(free, left_idle) <= config_.placement.max_idle_share * reading_.capacity[s]) break;
        const double units = m->job->job->units();
        free -= units;
        left_idle -= units;
        m->to.start = input_.now;
        m->why = "too many GPUs would stand idle";
        m->must = true;
      }
    }
  }

  double saved_per_unit(const Move& m) const {
    const auto at_once = grams(*m.job, {m.to.site, input_.now}), then = grams(*m.job, m.to);
    return at_once && then ? (*at_once - *then) / std::max(m.job->job->units(), 1e-9) : 0.0;
  }

  void keep_promises(std::vector<Move>& moves) const {
    for (std::size_t s = 0; s < ahead_.size(); ++s) {
      SitePromises site{input_.now, reading_.capacity[s], {}, {}, {}};
      for (std::size_t i = 0; i < reading_.running.size(); ++i) {
        const auto& r = reading_.running[i];
        const auto limit = reading_.running_jobs[i]->limit;
        if (r.site == s) site.held.push_back({r.units, r.started + (limit > Duration::zero() ? limit : r.length)});
      }
      for (const auto& q : reading_.queueing) {
        if (q.site != s) continue;
        site.queueing.push_back({q.job->units(), input_.now, limit_of(*q.job, q.length), priority_of(*q.job)});
      }
      std::vector<Move*> at_site;
      for (auto& m : moves) {
        if (m.to.site != s) continue;
        at_site.push_back(&m);
        const auto& job = *m.job->job;
        site.deferred.push_back({{job.units(), std::max(m.to.start, input_.now), limit_of(job, m.job->length), priority_of(job)},
                                 m.job->latest,
                                 job.submit});
      }
      const auto released = release_for_promises(site);
      for (const auto i : released) {
        if (at_site[i]->to.start <= input_.now) continue;
        at_site[i]->to.start = input_.now;
        at_site[i]->why = "the queue is long";
        at_site[i]->must = true;
      }
    }
  }

  static Duration limit_of(const QueuedJob& job, Duration expected) {
    return job.limit > Duration::zero() ? job.limit : expected;
  }
  static double priority_of(const QueuedJob& job) { return job.priority; }

  const Config& config_;
  const ReplanInput& input_;
  const QueueReading& reading_;
  std::vector<policies::SiteAhead> ahead_;
};

// Begin times of one site, a few a second at most.
class Spacing {
 public:
  void take(std::size_t site, Instant at) { ++taken_[{site, at}]; }
  Instant next(std::size_t site, Instant from, Instant latest) {
    Instant at = from;
    while (at + 1s <= latest && taken_[{site, at}] >= kStartsPerSecond) at += 1s;
    take(site, at);
    return at;
  }

 private:
  std::map<std::pair<std::size_t, Instant>, int> taken_;
};

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const auto& item : list) out += (out.empty() ? "" : "&") + item;
  return out;
}

JobChange change_for(const Move& m, Instant begin, const Config& config) {
  const auto& w = *m.job;
  JobChange change;
  change.id = w.job->id;
  if (begin != w.planned) change.begin = begin;
  if (m.to.site != w.site) {
    const auto &from = config.sites[w.site], &to = config.sites[m.to.site];
    const auto position = static_cast<std::size_t>(std::find(from.partitions.begin(), from.partitions.end(), w.job->partition) -
                                                   from.partitions.begin());
    if (to.partitions[position] != w.job->partition) change.partition = to.partitions[position];
    if (to.features != from.features) change.features = joined(to.features);
  }
  auto comment = w.comment;
  comment.set("site", config.sites[m.to.site].name);
  comment.set("planned", std::to_string(unix_ms(begin) / 1000));
  change.admin_comment = comment.put_into(w.job->admin_comment);
  return change;
}

DeferredJob row_for(const Move& m, Instant begin, const Round& round, const Config& config, Instant now) {
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
  if (const auto g = round.grams(w, {w.home, now})) row.now_g = GramsCo2e(*g);
  if (const auto g = round.grams(w, {m.to.site, begin})) row.planned_g = GramsCo2e(*g);
  row.why = *m.why != '\0' ? m.why : "as planned";
  return row;
}

// What must be comes first, then what saves most.
std::vector<const Move*> in_order(const std::vector<Move>& moves, const Round& round) {
  std::vector<std::pair<double, const Move*>> ranked;
  for (const auto& m : moves) {
    const auto before = round.grams(*m.job, {m.job->site, m.job->planned}), after = round.grams(*m.job, m.to);
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

// A job whose time has come and whose last start is near goes to the front, by the means that the site allows.
void raise_near_cap(const QueueReading& reading, const Config& config, Instant now, ReplanRound& out) {
  if (config.replan.near_cap == NearCap::kNone) return;
  std::uint32_t highest = 0;
  for (const auto& q : reading.queueing) highest = std::max(highest, q.job->priority);
  for (const auto& q : reading.queueing) {
    if (!q.ours) continue;
    const auto& w = *q.ours;
    const auto near = std::max(2 * config.replan.interval, (w.latest - w.job->submit) / 10);
    if (now < w.latest - near) continue;
    JobChange change;
    change.id = w.job->id;
    if (config.replan.near_cap == NearCap::kNice) {
      if (w.job->nice <= kFrontNice) continue;
      change.nice = kFrontNice;
    } else {
      if (w.job->priority >= highest) continue;
      change.priority = highest = std::min(highest, kHighestPriority - 1) + 1;
    }
    out.changes.push_back(change);
    out.reasons.emplace_back("its latest start is near");
  }
}

}  // namespace

void Replanner::note_arrivals(const QueueReading& reading) {
  std::vector<std::pair<Instant, policies::PlanJob>> arrived;
  const auto note = [&](const QueuedJob& job, std::size_t site, Duration length, Instant latest) {
    if (job.submit <= last_arrival_) return;
    arrived.emplace_back(job.submit, policies::PlanJob{.ready = job.submit,
                                                       .latest = std::max(latest, job.submit),
                                                       .length = length,
                                                       .lengths = {},
                                                       .units = job.units(),
                                                       .power = config_.placement.gpu_power * job.units(),
                                                       .sites = std::uint64_t{1} << site,
                                                       .transfer_g = {}});
  };
  for (const auto& w : reading.waiting) note(*w.job, w.site, w.length, w.cap);
  for (const auto& q : reading.queueing) note(*q.job, q.site, q.length, q.job->submit);
  for (std::size_t i = 0; i < reading.running.size(); ++i)
    note(*reading.running_jobs[i], reading.running[i].site, reading.running[i].length, reading.running_jobs[i]->submit);
  std::stable_sort(arrived.begin(), arrived.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [at, job] : arrived) planner_.arrived(job);
  if (!arrived.empty()) last_arrival_ = arrived.back().first;
}

ReplanRound Replanner::round(const ReplanInput& input) {
  auto reading = read_queue(input.queue, config_, input.now);
  for (auto& w : reading.waiting) {
    if (bound_to_site_.contains(w.job->id)) w.sites = std::uint64_t{1} << w.site;
  }
  note_arrivals(reading);
  ReplanRound out;
  for (const auto& change : reading.given_up) {
    out.changes.push_back(change);
    out.reasons.emplace_back("somebody chose its time or place");
  }
  raise_near_cap(reading, config_, input.now, out);
  Round round(config_, input, reading);
  const auto moves = round.moves(planner_);
  Spacing spacing;
  for (const auto& m : moves) {
    if (!changes_anything(m)) spacing.take(m.job->site, m.job->planned);
  }
  for (const auto* m : in_order(moves, round)) {
    Instant begin = m->job->planned;
    if (changes_anything(*m) && out.changes.size() < config_.replan.max_changes) {
      begin = spacing.next(m->to.site, second_of(m->to.start), std::max(m->job->latest, second_of(input.now)));
      out.changes.push_back(change_for(*m, begin, config_));
      out.reasons.emplace_back(m->why);
    }
    out.deferred.push_back(row_for(*m, begin, round, config_, input.now));
  }
  return out;
}

}  // namespace carbon::ctld

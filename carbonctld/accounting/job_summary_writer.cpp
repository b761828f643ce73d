// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/accounting/job_summary_writer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <set>

#include "carbonctld/accounting/job_summary.h"
#include "carbonctld/accounting/run_part.h"
#include "core/slurm/run_times.h"

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kAtOnce = 100;
constexpr Duration kFirstRetry = 2s;
constexpr Duration kLongestRetry = 10min;
constexpr Duration kGiveUp = std::chrono::hours(24 * 14);
constexpr Duration kNodesMayBeLate = 15min;  // after the job's end; then a summary says that nodes are missing

Duration backoff(std::uint32_t tries) { return std::min<Duration>(kFirstRetry * (1LL << std::min(tries, 12u)), kLongestRetry); }

// Of one whose end is not known, its start: it may have ended long ago.
Interval time_of(const SlurmJob& job) { return {*job.start, std::max(*job.start, job.end.value_or(*job.start))}; }

}  // namespace

SummaryWriter::Matches SummaryWriter::matches(const Rows& rows, const std::vector<SlurmJob>& found) {
  Matches out;
  for (auto from = rows.begin(); from != rows.end();) {
    const auto id = from->first.id();
    std::vector<const ledger::JobRow*> ours;
    std::vector<const SlurmJob*> theirs;
    std::vector<Interval> our_times, their_times;
    for (; from != rows.end() && from->first.id() == id; ++from) {
      ours.push_back(&from->second);
      our_times.push_back({from->second.start, from->second.end});
    }
    for (const auto& j : found) {
      if (j.job_id != id.number || !j.start) continue;
      theirs.push_back(&j);
      their_times.push_back(time_of(j));
    }
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const auto j = run_at(their_times, our_times[i]);
      if (j && run_at(our_times, their_times[*j]) == i) out[ours[i]->key] = theirs[*j];
    }
  }
  return out;
}

Result<std::size_t> SummaryWriter::run(Instant now) {
  const auto due = store_.summaries_due(now, kAtOnce);
  if (!due) return due.error();
  std::map<std::string, std::vector<ledger::PendingSummary>> by_cluster;
  for (const auto& p : *due) by_cluster[p.key.cluster].push_back(p);
  std::size_t finished = 0;
  for (const auto& [cluster, list] : by_cluster) {
    const auto done = run_cluster(cluster, list, now);
    if (!done) return done.error();
    finished += *done;
  }
  return finished;
}

Result<std::size_t> SummaryWriter::run_cluster(const std::string& cluster, const std::vector<ledger::PendingSummary>& due,
                                               Instant now) {
  std::vector<std::uint32_t> ids;
  ids.reserve(due.size());
  for (const auto& p : due) ids.push_back(p.key.job_id);
  const auto found = slurm_.find_jobs(cluster, ids);
  if (!found) return found.error();
  const auto accounted = account_with_details(due, *found);
  if (!accounted) return accounted.error();
  std::size_t finished = 0;
  Written written;
  std::optional<Error> problem;
  for (const auto& p : due) {
    const auto done = finish(p, *accounted, *found, now, written);
    if (!done) {
      problem = done.error();
      break;
    }
    finished += *done ? 1 : 0;
  }
  const auto noted = store_.summaries_written(written, accounted->requests);
  if (problem) return *problem;
  if (!noted) return noted.error();
  return finished;
}

Result<SummaryWriter::AccountedRows> SummaryWriter::account_with_details(const std::vector<ledger::PendingSummary>& due,
                                                                         const std::vector<SlurmJob>& found) {
  // All runs of these jobs: how an earlier one ended is known once the next one has started.
  std::set<ledger::JobId> ids;
  for (const auto& p : due) ids.insert(p.key.id());
  const std::vector<ledger::JobId> jobs(ids.begin(), ids.end());
  const auto rows = store_.runs_of(jobs);
  if (!rows) return rows.error();
  const auto matched = matches(*rows, found);
  std::map<const SlurmJob*, std::uint32_t> restarts;
  for (const auto& [key, job] : matched) restarts[job] = key.restart;
  const auto restarts_of = [&](const SlurmJob& job) -> std::optional<std::uint32_t> {
    for (const auto& [known, count] : restarts) {
      if (known->job_id == job.job_id && known->submit == job.submit) return count;
    }
    return std::nullopt;
  };
  std::map<ledger::JobKey, ledger::JobDetails> details;
  for (const auto& [key, job] : matched) {
    const auto runs = runs_of_job(found, *job, restarts_of);
    details[key] = details_from(*job, part_of(runs, *job), rows->at(key).site);
  }
  const auto set = store_.set_details(details);
  if (!set) return set.error();
  account_();
  const auto requests = store_.summary_requests();
  if (!requests) return requests.error();
  auto known = store_.runs_of(jobs);
  if (!known) return known.error();
  auto in_slurm = matches(*known, found);
  return AccountedRows{*requests, std::move(*known), std::move(in_slurm)};
}

Result<bool> SummaryWriter::postpone(const ledger::PendingSummary& pending, Instant now, const std::string& why) {
  const auto done = store_.postpone_summary(pending.key, now + backoff(pending.tries), why);
  if (!done) return done.error();
  return false;
}

Result<bool> SummaryWriter::finish(const ledger::PendingSummary& pending, const AccountedRows& accounted,
                                   const std::vector<SlurmJob>& found, Instant now, Written& written) {
  const auto id = pending.key.job_id;
  const auto drop = [&](const char* why) -> Result<bool> {
    spdlog::info("job={} restart={} summary not written: {}", id, pending.key.restart, why);
    const auto done = store_.drop_summary(pending.key);
    if (!done) return done.error();
    return true;
  };
  const auto known = accounted.rows.find(pending.key);
  if (known == accounted.rows.end()) return drop("the ledger does not know the job");
  const auto& row = known->second;
  const auto in_slurm = accounted.matches.find(pending.key);
  const auto* job = in_slurm == accounted.matches.end() ? nullptr : in_slurm->second;
  if (!job || !job->end) {
    if (now - row.end > kGiveUp) return drop("slurmdbd never reported its end");
    return postpone(pending, now, job ? "slurmdbd does not know its end yet" : "slurmdbd does not know it yet");
  }
  if (job->whole_array) return postpone(pending, now, "slurmdbd does not know yet which task of its array it is");
  if (!row.complete && now - *job->end < kNodesMayBeLate) return postpone(pending, now, "records of some nodes are missing");
  // slurmdbd changes the last record of an id alone.
  if (job->state == "REQUEUED") return drop("the job was requeued; the last run's record carries the summary");
  if (has_later_run(found, *job)) return drop("slurmdbd has a later run of this id, and changes that one alone");
  const auto comment = with_summary(job->admin_comment, row);
  if (kind_ != SummaryKind::kNone && comment != job->admin_comment) {
    std::optional<std::uint64_t> joules;
    if (kind_ == SummaryKind::kWithEnergy && row.method) joules = static_cast<std::uint64_t>(row.energy_mj) / 1000;
    const auto set = slurm_.write_summary(*job, comment, joules);
    if (!set) return set.error();
    spdlog::info("job={} restart={} summary written: {}", id, pending.key.restart, comment);
  }
  written.emplace_back(pending.key, comment);
  return true;
}

}  // namespace carbon::carbonctld

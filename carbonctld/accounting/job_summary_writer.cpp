// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/accounting/job_summary_writer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>

#include "carbonctld/accounting/job_summary.h"
#include "carbonctld/accounting/run_part.h"

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kAtOnce = 100;
constexpr Duration kFirstRetry = 2s;
constexpr Duration kLongestRetry = 10min;
constexpr Duration kGiveUp = std::chrono::hours(24 * 14);
constexpr Duration kNodesMayBeLate = 15min;  // after the job's end; then a summary says that nodes are missing
constexpr Duration kSameRun = 1h;            // runs whose starts differ by more are not the same

Duration backoff(std::uint32_t tries) { return std::min<Duration>(kFirstRetry * (1LL << std::min(tries, 12u)), kLongestRetry); }

// The run in `found` that is the run of `row`; null: slurmdbd does not know it yet.
const SlurmJob* match(const std::vector<SlurmJob>& found, const ledger::JobRow& row) {
  const auto distance = [&row](const SlurmJob& j) { return std::chrono::abs(*j.start - row.start); };
  const SlurmJob* best = nullptr;
  for (const auto& j : found) {
    if (j.job_id != row.key.job_id || !j.start || distance(j) > kSameRun) continue;
    if (!best || distance(j) < distance(*best)) best = &j;
  }
  return best;
}

}  // namespace

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
    const auto done = finish(p, accounted->rows, *found, now, written);
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
  std::vector<ledger::JobKey> keys;
  for (const auto& p : due) {
    // Earlier runs, too: how they ended is known once the next one has started.
    for (std::uint32_t restart = 0; restart <= p.key.restart; ++restart) keys.push_back({p.key.cluster, p.key.job_id, restart});
  }
  const auto rows = store_.jobs_of(keys);
  if (!rows) return rows.error();
  std::map<ledger::JobKey, ledger::JobDetails> details;
  for (const auto& [key, row] : *rows) {
    if (const auto* job = match(found, row)) details[key] = details_from(*job, part_of(found, *job), row.site);
  }
  const auto set = store_.set_details(details);
  if (!set) return set.error();
  account_();
  const auto requests = store_.summary_requests();
  if (!requests) return requests.error();
  auto known = store_.jobs_of(keys);
  if (!known) return known.error();
  return AccountedRows{*requests, std::move(*known)};
}

Result<bool> SummaryWriter::postpone(const ledger::PendingSummary& pending, Instant now, const std::string& why) {
  const auto done = store_.postpone_summary(pending.key, now + backoff(pending.tries), why);
  if (!done) return done.error();
  return false;
}

Result<bool> SummaryWriter::finish(const ledger::PendingSummary& pending, const Rows& rows, const std::vector<SlurmJob>& found,
                                   Instant now, Written& written) {
  const auto id = pending.key.job_id;
  const auto drop = [&](const char* why) -> Result<bool> {
    spdlog::info("job={} restart={} summary not written: {}", id, pending.key.restart, why);
    const auto done = store_.drop_summary(pending.key);
    if (!done) return done.error();
    return true;
  };
  const auto known = rows.find(pending.key);
  if (known == rows.end()) return drop("the ledger does not know the job");
  const auto& row = known->second;
  const auto* job = match(found, row);
  if (!job || !job->end) {
    if (now - row.end > kGiveUp) return drop("slurmdbd never reported its end");
    return postpone(pending, now, job ? "slurmdbd does not know its end yet" : "slurmdbd does not know it yet");
  }
  if (job->whole_array) return postpone(pending, now, "slurmdbd does not know yet which task of its array it is");
  if (!row.complete && now - *job->end < kNodesMayBeLate) return postpone(pending, now, "records of some nodes are missing");
  if (was_requeued(found, *job)) return drop("the job was requeued; the last run's record carries the summary");
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

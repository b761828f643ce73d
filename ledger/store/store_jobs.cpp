// SPDX-License-Identifier: Apache-2.0
// One row per run of a job, and the rollups that change with the rows.
#include <algorithm>
#include <map>
#include <set>

#include "core/slurm/run_times.h"
#include "ledger/rows/job_row.h"
#include "ledger/sql/bulk.h"
#include "ledger/store/rollups.h"
#include "ledger/store/store_impl.h"

namespace carbon::ledger {
namespace {

using namespace std::chrono_literals;

constexpr Duration kWaitForNodes = 1h;

// Writes rows of jobs, and the rollups with them.
class JobWriter {
 public:
  JobWriter(soci::session& sql, JobGroups& groups, RowChanges& changes)
      : sql_(sql), groups_(groups), changes_(changes), whole_(sql, job_table(true)), emissions_(sql, job_table(false)) {}

  // `stored`: the row to be replaced; null: there is none.
  void put(const JobRow* stored, const JobRow& row) {
    if (stored && stored->key != row.key) {
      remove(*stored);
      stored = nullptr;
    }
    const auto group = groups_.number_of(sql_, group_of(row));
    const bool restated = stored && same_but_emission(*stored, row);
    if (stored) deltas_.remove(*stored, restated ? group : groups_.number_of(sql_, group_of(*stored)));
    deltas_.add(row, group);
    changes_.note(row.key.id());
    store(row, group, (restated ? emissions_ : whole_).next());
  }

  // With its summary's request.
  void remove(const JobRow& stored) {
    deltas_.remove(stored, groups_.number_of(sql_, group_of(stored)));
    changes_.note(stored.key.id());
    const BoundKey k(stored.key);
    for (const char* table : {"jobs", "summaries"}) {
      sql_ << std::string("DELETE FROM ") + table + kWhereKey, soci::use(k.job_id, "job_id"),
          soci::use(k.restart, "restart_count"), soci::use(k.cluster, "cluster"), soci::use(k.run, "run_ms");
    }
  }

  void finish() {
    whole_.flush();
    emissions_.flush();
    deltas_.write(sql_, groups_);
  }

 private:
  soci::session& sql_;
  JobGroups& groups_;
  RowChanges& changes_;
  Bulk whole_, emissions_;
  RollupDeltas deltas_;
};

bool changes_summary(const JobRow& a, const JobRow& b) {
  return a.complete != b.complete || a.site != b.site || a.energy_mj != b.energy_mj || a.co2e_ug != b.co2e_ug ||
         a.counterfactual_ug != b.counterfactual_ug || a.intensity != b.intensity || a.method != b.method || a.nodes != b.nodes;
}

bool changes_emission(const JobDetails& a, const JobDetails& b) {
  return a.submit != b.submit || a.turn != b.turn || a.planned != b.planned || a.mode != b.mode || a.home != b.home ||
         a.data_gb != b.data_gb || a.interrupted != b.interrupted || a.kept_from != b.kept_from || a.kept_to != b.kept_to;
}

// The stored rows of the jobs whose rows are replaced: those that the caller has read, and read again those that changed since.
class StoredRows {
 public:
  StoredRows(soci::session& sql, std::span<const JobId> jobs, const DueJobs& due, const RowChanges& changes) {
    std::vector<JobId> changed;
    for (const auto& job : jobs) {
      if (!due.rows || !changes.unchanged_since(job, due.changes)) changed.push_back(job);
    }
    if (due.rows) read_before_ = &*due.rows;
    read_again_ = stored_runs(sql, changed);
    changed_ = {changed.begin(), changed.end()};
  }
  // With those of other jobs.
  const std::map<JobKey, JobRow>& with(const JobId& job) const {
    return read_before_ && !changed_.contains(job) ? *read_before_ : read_again_;
  }

 private:
  std::set<JobId> changed_;
  const std::map<JobKey, JobRow>* read_before_ = nullptr;
  std::map<JobKey, JobRow> read_again_;
};

std::vector<const JobRow*> by_job(std::span<const JobRow> rows) {
  std::vector<const JobRow*> out;
  out.reserve(rows.size());
  for (const auto& row : rows) out.push_back(&row);
  std::stable_sort(out.begin(), out.end(), [](auto* a, auto* b) { return a->key < b->key; });
  return out;
}

}  // namespace

std::map<JobKey, JobRow> stored_runs(soci::session& sql, std::span<const JobId> jobs) {
  std::map<JobKey, JobRow> out;
  for (std::size_t at = 0; at < jobs.size(); at += kJobsPerStatement) {
    const auto ids = with_job_ids(jobs.subspan(at, std::min(kJobsPerStatement, jobs.size() - at)));
    BoundJob bound;
    soci::statement find(sql);
    bound.bind_into(find);
    find.alloc();
    find.prepare("SELECT " + job_columns() + " FROM jobs WHERE " + ids);
    find.define_and_bind();
    each_row(find, [&] {
      auto row = bound.row();
      auto key = row.key;
      out.insert_or_assign(std::move(key), std::move(row));
    });
  }
  return out;
}

std::vector<JobId> ids_of(std::span<const JobKey> keys) {
  std::set<JobId> ids;
  for (const auto& key : keys) ids.insert(key.id());
  return {ids.begin(), ids.end()};
}

Replaced replaced_by(const std::map<JobKey, JobRow>& stored, const JobId& job, std::span<const RunTime> runs) {
  Replaced out;
  std::set<JobKey> keys;
  for (const auto& run : runs) {
    keys.insert(run.key);
    const auto same = stored.find(run.key);
    out.by_run.push_back(same == stored.end() ? nullptr : &same->second);
  }
  for (const auto& [key, row] : RowsOfJob(stored, job)) {
    if (!keys.contains(key)) out.rest.push_back(&row);
  }
  for (std::size_t i = 0; i < runs.size() && !out.rest.empty(); ++i) {
    if (out.by_run[i]) continue;
    std::vector<Interval> times;
    for (const auto* row : out.rest) times.push_back({row->start, row->end});
    const auto found = run_at(times, runs[i].when);
    if (!found) continue;
    out.by_run[i] = out.rest[*found];
    out.rest.erase(out.rest.begin() + static_cast<std::ptrdiff_t>(*found));
  }
  return out;
}

Status Store::account(std::span<const JobRow> rows, const DueJobs& due, Instant now) {
  auto done = impl_->db->write([&](soci::session& sql) -> Status {
    impl_->changes.begin();
    const auto sorted = by_job(rows);
    std::vector<JobId> ids;
    for (const auto* row : sorted) {
      if (ids.empty() || ids.back() != row->key.id()) ids.push_back(row->key.id());
    }
    const StoredRows stored_rows(sql, ids, due, impl_->changes);
    impl_->changes.forget(due.changes);
    JobWriter jobs(sql, impl_->groups, impl_->changes);
    SummaryRequester summaries(sql, impl_->requests);
    long long longest = 0;
    for (auto from = sorted.begin(); from != sorted.end();) {
      const auto job = (*from)->key.id();
      const auto upto = std::find_if(from, sorted.end(), [&](auto* row) { return row->key.id() != job; });
      std::vector<RunTime> times;
      for (auto at = from; at != upto; ++at) times.push_back({(*at)->key, {(*at)->start, (*at)->end}});
      const auto replaced = replaced_by(stored_rows.with(job), job, times);
      for (const auto* row : replaced.rest) jobs.remove(*row);
      for (std::size_t i = 0; i < times.size(); ++i) {
        JobRow row = fitted(**(from + static_cast<std::ptrdiff_t>(i)));
        const JobRow* stored = replaced.by_run[i];
        if (stored) {
          row.details = stored->details;
          row.summary = stored->summary;
          row.restated = stored->restated || (!stored->summary.empty() && stored->co2e_ug != row.co2e_ug);
        }
        jobs.put(stored, row);
        if (!stored || stored->key != row.key || changes_summary(*stored, row))
          summaries.request(row.key, row.complete ? now : now + kWaitForNodes);
        longest = std::max<long long>(longest, (row.end - row.start).count());
      }
      from = upto;
    }
    jobs.finish();
    summaries.finish();
    sql << "UPDATE meta SET value = :l WHERE name = 'longest_ms' AND value < :m", soci::use(longest, "l"),
        soci::use(longest, "m");
    const long long last = due.upto;
    sql << "DELETE FROM due_jobs WHERE seq <= :upto", soci::use(last, "upto");
    if (due.intensities != meta(sql, "intensities")) impl_->make_due(sql, due.jobs);
    return Done{};
  });
  if (!done) impl_->groups.forget();
  return done;
}

Result<std::map<JobKey, JobRow>> Store::runs_of(std::span<const JobId> jobs) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::map<JobKey, JobRow>> {
    auto stored = stored_runs(sql, jobs);
    std::map<JobKey, JobRow> wanted;
    for (const auto& job : jobs) {
      for (auto& [key, row] : RowsOfJob(stored, job)) wanted.insert_or_assign(key, row);
    }
    return wanted;
  });
}

Result<std::optional<JobRow>> Store::job(const JobKey& key) {
  const auto id = key.id();
  auto runs = runs_of(std::span(&id, 1));
  if (!runs) return runs.error();
  auto found = runs->extract(key);
  return found ? std::optional(std::move(found.mapped())) : std::nullopt;
}

Status Store::set_details(const JobKey& key, const JobDetails& details) {
  const auto stored = job(key);
  if (!stored) return stored.error();
  if (!*stored) return Error{"ledger: job " + std::to_string(key.job_id) + " is not known"};
  return set_details({{key, details}});
}

Status Store::set_details(const std::map<JobKey, JobDetails>& jobs) {
  if (jobs.empty()) return Done{};
  auto done = impl_->db->write([&](soci::session& sql) -> Status {
    std::vector<JobKey> keys, to_compute;
    for (const auto& [key, details] : jobs) keys.push_back(key);
    const auto rows = stored_runs(sql, ids_of(keys));
    impl_->changes.begin();
    JobWriter writer(sql, impl_->groups, impl_->changes);
    for (const auto& [key, given] : jobs) {
      const auto stored = rows.find(key);
      if (stored == rows.end()) continue;
      auto row = stored->second;
      row.details = given;
      row = fitted(std::move(row));
      if (row.details == stored->second.details) continue;
      if (changes_emission(row.details, stored->second.details)) to_compute.push_back(key);
      writer.put(&stored->second, row);
    }
    writer.finish();
    impl_->make_due(sql, ids_of(to_compute));
    return Done{};
  });
  if (!done) impl_->groups.forget();
  return done;
}

}  // namespace carbon::ledger

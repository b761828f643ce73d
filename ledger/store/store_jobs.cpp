// SPDX-License-Identifier: Apache-2.0
// One row per run of a job, and the rollups that change with the rows.
#include <map>

#include "ledger/rows/job_row.h"
#include "ledger/sql/bulk.h"
#include "ledger/store/rollups.h"
#include "ledger/store/store_impl.h"
#include "ledger/store/summary_requester.h"

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
    const auto group = groups_.number_of(sql_, group_of(row));
    const bool restated = stored && same_but_emission(*stored, row);
    if (stored) deltas_.remove(*stored, restated ? group : groups_.number_of(sql_, group_of(*stored)));
    deltas_.add(row, group);
    changes_.note(row.key);
    store(row, group, (restated ? emissions_ : whole_).next());
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

bool changes_counterfactual(const JobDetails& a, const JobDetails& b) {
  return a.submit != b.submit || a.home != b.home || a.kept_from != b.kept_from || a.kept_to != b.kept_to;
}

// Cut to the widths of the columns.
JobDetails fitting(JobDetails d) {
  for (auto* text : {&d.mode, &d.state}) *text = cut(std::move(*text), 32);
  for (auto* text : {&d.home, &d.qos, &d.wckey}) *text = cut(std::move(*text), 128);
  d.name = cut(std::move(d.name), 255);
  d.exit_code = cut(std::move(d.exit_code), 16);
  d.comment = cut(std::move(d.comment), 1024);
  return d;
}

// The stored rows that are to be replaced: those that the caller has read, and read again those that changed since.
class StoredRows {
 public:
  StoredRows(soci::session& sql, std::span<const JobRow> rows, const DueJobs& due, const RowChanges& changes) {
    const auto unchanged = [&](const JobKey& key) { return due.rows && changes.unchanged_since(key, due.changes); };
    std::vector<JobKey> keys;
    for (const auto& row : rows) {
      if (!unchanged(row.key)) keys.push_back(row.key);
    }
    read_again_ = stored_jobs(sql, keys);
    for (const auto& row : rows) {
      const auto& from = unchanged(row.key) ? *due.rows : read_again_;
      const auto at = from.find(row.key);
      of_.push_back(at == from.end() ? nullptr : &at->second);
    }
  }
  // By the index of the row that replaces it; null: there is none.
  const JobRow* operator[](std::size_t index) const { return of_[index]; }

 private:
  std::map<JobKey, JobRow> read_again_;
  std::vector<const JobRow*> of_;
};

}  // namespace

std::map<JobKey, JobRow> stored_jobs(soci::session& sql, std::span<const JobKey> keys) {
  std::map<JobKey, JobRow> out;
  for (std::size_t at = 0; at < keys.size(); at += kJobsPerStatement) {
    const auto ids = with_job_ids(keys.subspan(at, std::min(kJobsPerStatement, keys.size() - at)));
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

Status Store::account(std::span<const JobRow> rows, const DueJobs& due, Instant now) {
  auto done = impl_->db->write([&](soci::session& sql) -> Status {
    impl_->changes.begin();
    const StoredRows stored_rows(sql, rows, due, impl_->changes);
    impl_->changes.forget(due.changes);
    JobWriter jobs(sql, impl_->groups, impl_->changes);
    SummaryRequester summaries(sql, impl_->requests);
    long long longest = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      JobRow row = rows[i];
      const JobRow* stored = stored_rows[i];
      if (stored) {
        row.details = stored->details;
        row.summary = stored->summary;
        row.restated = stored->restated || (!stored->summary.empty() && stored->co2e_ug != row.co2e_ug);
      }
      jobs.put(stored, row);
      if (!stored || changes_summary(*stored, row)) summaries.request(row.key, row.complete ? now : now + kWaitForNodes);
      longest = std::max<long long>(longest, (row.end - row.start).count());
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

Result<std::map<JobKey, JobRow>> Store::jobs_of(std::span<const JobKey> keys) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::map<JobKey, JobRow>> {
    auto stored = stored_jobs(sql, keys);
    std::map<JobKey, JobRow> wanted;
    for (const auto& key : keys) {
      if (auto found = stored.extract(key)) wanted.insert(std::move(found));
    }
    return wanted;
  });
}

Result<std::optional<JobRow>> Store::job(const JobKey& key) {
  auto found = jobs_of(std::span(&key, 1));
  if (!found) return found.error();
  if (found->empty()) return std::optional<JobRow>();
  return std::optional(std::move(found->begin()->second));
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
    const auto rows = stored_jobs(sql, keys);
    impl_->changes.begin();
    JobWriter writer(sql, impl_->groups, impl_->changes);
    for (const auto& [key, given] : jobs) {
      const auto stored = rows.find(key);
      if (stored == rows.end()) continue;
      auto row = stored->second;
      row.details = fitting(given);
      if (row.details == stored->second.details) continue;
      if (changes_counterfactual(row.details, stored->second.details)) to_compute.push_back(key);
      writer.put(&stored->second, row);
    }
    writer.finish();
    impl_->make_due(sql, to_compute);
    return Done{};
  });
  if (!done) impl_->groups.forget();
  return done;
}

}  // namespace carbon::ledger

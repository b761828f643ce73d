// SPDX-License-Identifier: Apache-2.0
// What the sources of Store share. Used only in ledger/store/.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ledger/rows/row_changes.h"
#include "ledger/sql/bulk.h"
#include "ledger/store/database.h"
#include "ledger/store/job_groups.h"
#include "ledger/store/store.h"

namespace carbon::ledger {

// Since the store was opened: how often a summary was requested, and the number of the last request for each that waits.
struct SummaryRequests {
  std::uint64_t count = 0;
  std::map<JobKey, std::uint64_t> last;
};

struct Store::Impl {
  std::unique_ptr<Database> db;
  JobGroups groups;
  RowChanges changes;
  // Used within write() only.
  long long next_seq = 1;  // of due_jobs
  SummaryRequests requests;
  std::set<std::string> models_learned;  // whose idle draw no longer changes

  // In a transaction: appends the jobs to due_jobs.
  void make_due(soci::session& sql, std::span<const JobId> jobs);
  void learn_idle_draws(soci::session& sql, std::span<const ReceivedRecord* const> records);
};

// So many jobs are selected by one statement.
inline constexpr std::size_t kJobsPerStatement = 500;

// A number of the table meta; 0 if it has none of this name.
long long meta(soci::session& sql, const char* name);

// A JobKey as bound parameters :job_id, :restart_count, :cluster and :run_ms; must outlive the statement.
struct BoundKey {
  BoundKey() = default;
  explicit BoundKey(const JobKey& k) : job_id(k.job_id), restart(k.restart), cluster(k.cluster), run(unix_ms(k.run)) {}
  JobKey key() const {
    return {cluster, static_cast<std::uint32_t>(job_id), static_cast<std::uint32_t>(restart), from_unix_ms(run)};
  }
  JobId id() const { return {cluster, static_cast<std::uint32_t>(job_id)}; }
  long long job_id = 0;
  long long restart = 0;
  std::string cluster;
  long long run = 0;
};
inline constexpr const char* kWhereKey =
    " WHERE job_id = :job_id AND restart_count = :restart_count AND cluster = :cluster AND run_ms = :run_ms";

// A condition that selects the runs of `jobs` at once, and with them others of the same or of neighbouring numbers.
std::string with_job_ids(std::span<const JobId> jobs);

// The rows of these jobs, and with them those of others.
std::map<JobKey, JobRow> stored_runs(soci::session& sql, std::span<const JobId> jobs);
std::vector<JobId> ids_of(std::span<const JobKey> keys);

// The rows of one job in `rows`.
class RowsOfJob {
 public:
  RowsOfJob(const std::map<JobKey, JobRow>& rows, const JobId& job)
      : begin_(rows.lower_bound({job.cluster, job.number, 0, Instant::min()})),
        end_(rows.upper_bound({job.cluster, job.number, UINT32_MAX, Instant::max()})) {}
  auto begin() const { return begin_; }
  auto end() const { return end_; }

 private:
  std::map<JobKey, JobRow>::const_iterator begin_, end_;
};

// Which stored rows of a job its runs replace, as records change what is known of it: a row of the same key, else the one that
// the run overlaps longest. Rows that no run replaces are to be removed.
struct Replaced {
  std::vector<const JobRow*> by_run;  // in the order of the runs; null: none
  std::vector<const JobRow*> rest;
};
struct RunTime {
  JobKey key;
  Interval when;
};
Replaced replaced_by(const std::map<JobKey, JobRow>& stored, const JobId& job, std::span<const RunTime> runs);

// Queues summaries to be written into Slurm's accounting, in a transaction.
class SummaryRequester {
 public:
  // `requests` is not owned.
  SummaryRequester(soci::session& sql, SummaryRequests& requests)
      : requests_(requests),
        bulk_(sql, {"summaries",
                    {"job_id", "restart_count", "cluster", "run_ms"},
                    {"next_ms", "tries", "problem"},
                    OnConflict::kUpdate}) {}

  // Replaces a request that waits already.
  void request(const JobKey& key, Instant next) {
    const auto cells = bulk_.next();
    cells[0] = key.job_id;
    cells[1] = key.restart;
    cells[2] = key.cluster;
    cells[3] = unix_ms(key.run);
    cells[4] = unix_ms(next);
    cells[5] = 0;
    cells[6] = std::string_view("");
    requests_.last[key] = ++requests_.count;
  }
  void finish() { bulk_.flush(); }

 private:
  SummaryRequests& requests_;
  Bulk bulk_;
};

}  // namespace carbon::ledger

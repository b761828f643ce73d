// SPDX-License-Identifier: Apache-2.0
// What store.cpp, store_jobs.cpp, store_intensity.cpp and report.cpp share. Inside ledger/ alone.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ledger/reports/dimensions.h"
#include "ledger/store/database.h"
#include "ledger/store/row_changes.h"
#include "ledger/store/store.h"

namespace carbon::ledger {

// Since the store was opened: how often a summary was asked for, and the last ask for each that waits.
struct SummaryAsks {
  std::uint64_t count = 0;
  std::map<JobKey, std::uint64_t> last;
};

struct Store::Impl {
  std::unique_ptr<Database> db;
  Groups groups;
  RowChanges changes;
  // Used inside write() alone.
  long long next_seq = 1;  // of due_jobs
  SummaryAsks asks;

  // In a transaction: puts the jobs at the end of due_jobs.
  void make_due(soci::session& sql, std::span<const JobKey> keys);
};

// A number of the table facts.
long long fact(soci::session& sql, const char* name);

// A JobKey as bound parameters :job_id, :restart_count and :cluster; must outlive the statement.
struct BoundKey {
  BoundKey() = default;
  explicit BoundKey(const JobKey& k) : job_id(k.job_id), restart(k.restart), cluster(k.cluster) {}
  JobKey key() const { return {cluster, static_cast<std::uint32_t>(job_id), static_cast<std::uint32_t>(restart)}; }
  long long job_id = 0;
  long long restart = 0;
  std::string cluster;
};
inline constexpr const char* kWhereKey = " WHERE job_id = :job_id AND restart_count = :restart_count AND cluster = :cluster";

// A condition that finds the jobs of `keys` at once, and others of the same ids or of ids between with them.
std::string with_job_ids(std::span<const JobKey> keys);

// The rows of these jobs, and of others with them.
std::map<JobKey, JobRow> held_jobs(soci::session& sql, std::span<const JobKey> keys);

// Runs `statement`, and calls f() for each row that it gives; leaves it finished, so that no read stays open.
template <class F>
void each_row(soci::statement& statement, F f) {
  for (bool more = statement.execute(true); more; more = statement.fetch()) f();
}

}  // namespace carbon::ledger

// SPDX-License-Identifier: Apache-2.0
// JobRow <-> a row of the table jobs. Used only in ledger/.
#pragma once

#include <soci/soci.h>

#include <span>
#include <string>
#include <vector>

#include "ledger/rows/job_emissions.h"
#include "ledger/sql/bulk.h"

namespace carbon::ledger {

// A row that is read: bound values in the order of job_columns(); must outlive the statement that it is bound to.
class BoundJob {
 public:
  BoundJob();
  BoundJob(const BoundJob&) = delete;
  BoundJob& operator=(const BoundJob&) = delete;
  JobRow row() const;
  void bind_into(soci::statement& statement);

 private:
  std::vector<Cell> cells_;  // does not grow once it is bound
};

// Writes to the cells of a row of job_table(): all, or the key and the emission.
void store(const JobRow& row, long long group, std::span<Cell> cells);
// The table jobs. `whole`: inserts or replaces rows; otherwise updates the emission of existing rows, which is in no index.
BulkTable job_table(bool whole);
// Whether `b` differs from `a` at most in its emission.
bool same_but_emission(const JobRow& a, JobRow b);

// With each text as its column takes it: valid UTF-8, cut to the column's width. MariaDB refuses a whole batch otherwise.
JobRow fitted(JobRow row);

// "job_id, restart_count, ..."
const std::string& job_columns();

}  // namespace carbon::ledger

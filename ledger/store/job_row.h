// SPDX-License-Identifier: Apache-2.0
// JobRow <-> a row of the table jobs. Inside ledger/ alone.
#pragma once

#include <soci/soci.h>

#include <span>
#include <string>
#include <vector>

#include "ledger/store/bulk.h"
#include "ledger/store/job_emissions.h"

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

// Into the cells of a row of job_table(), all of them or the key and the emission.
void store(const JobRow& row, long long group, std::span<Cell> cells);
// The table jobs. `whole`: a row that is held is replaced; else it is held, and its emission alone is set: that stands in no
// index.
BulkTable job_table(bool whole);
// Whether `b` differs from `a` in its emission alone.
bool same_but_emission(const JobRow& a, JobRow b);

// "job_id, restart_count, ..."
const std::string& job_columns();

}  // namespace carbon::ledger

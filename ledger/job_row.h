// SPDX-License-Identifier: Apache-2.0
// JobRow <-> a row of the table jobs. Inside ledger/ alone.
#pragma once

#include <soci/soci.h>

#include <string>
#include <vector>

#include "ledger/job.h"

namespace carbon::ledger {

// One value on its way from or to a statement.
struct Cell {
  enum class Kind : std::uint8_t { kNumber, kReal, kText };
  const char* column = "";
  Kind kind = Kind::kNumber;
  soci::indicator known = soci::i_ok;
  long long number = 0;
  double real = 0;
  std::string text;
};

// A row as bound values, in the order of job_columns(); must outlive the statement that it is bound to.
class BoundJob {
 public:
  BoundJob();
  BoundJob(const BoundJob&) = delete;
  BoundJob& operator=(const BoundJob&) = delete;
  void set(const JobRow& row, long long group);
  JobRow row() const;
  void bind_into(soci::statement& statement);
  // As parameters named like their columns.
  void bind_use(soci::statement& statement);

 private:
  std::vector<Cell> cells_;  // does not grow once it is bound
};

// "job_id, restart_count, ..."
const std::string& job_columns();
// ":job_id, :restart_count, ..."
const std::string& job_parameters();
// "column = :column, ..." without those of the key
const std::string& job_assignments();

}  // namespace carbon::ledger

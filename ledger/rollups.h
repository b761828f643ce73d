// SPDX-License-Identifier: Apache-2.0
// Sums over the jobs that ended in one UTC day, month or year, by group. They move with each row of jobs, so that they always
// equal a scan of the jobs. Inside ledger/ alone.
#pragma once

#include <soci/soci.h>

#include <array>
#include <map>
#include <string>
#include <tuple>

#include "ledger/groups.h"
#include "ledger/totals.h"

namespace carbon::ledger {

// Differences, gathered over a batch of jobs and written at its end.
class RollupDeltas {
 public:
  void add(const JobRow& row, long long group);
  void remove(const JobRow& row, long long group);
  void write(soci::session& sql) const;

 private:
  using Key = std::tuple<char, long long, long long>;  // span, start, group
  std::map<Key, Totals> deltas_;
};

// Adds the sums of the jobs that ended in [when.start, when.end) to the rows of `grouping`.
void add_window(soci::session& sql, Interval when, Grouping& grouping);
// The same from the jobs alone.
void add_jobs(soci::session& sql, Interval when, Grouping& grouping);

// Computes all rollups, and the group of each job, anew.
void rebuild_rollups(soci::session& sql, Groups& groups);

}  // namespace carbon::ledger

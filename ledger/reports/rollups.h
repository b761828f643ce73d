// SPDX-License-Identifier: Apache-2.0
// Sums by UTC day, month and year of a job's end: of its group, and by each property of its own. They are moved by the difference
// in the same transaction as the rows of jobs, so that they always equal a scan of the jobs. Inside ledger/ alone.
#pragma once

#include <soci/soci.h>

#include <array>
#include <map>
#include <utility>

#include "ledger/reports/dimensions.h"
#include "ledger/reports/totals.h"

namespace carbon::ledger {

// 'y', 'm' or 'd': the span in which `t` lies, and the one behind that which begins at `start`.
inline constexpr std::array<char, 3> kPeriods = {'y', 'm', 'd'};
Instant period_start(char period, Instant t);
Instant period_after(char period, Instant start);

// Differences, gathered over a batch of jobs and written at its end.
class RollupDeltas {
 public:
  void add(const JobRow& row, long long group) { days_[{period_start('d', row.end), group}] += totals_of(row); }
  void remove(const JobRow& row, long long group) { days_[{period_start('d', row.end), group}] -= totals_of(row); }
  void write(soci::session& sql, const Groups& groups) const;

 private:
  std::map<std::pair<Instant, long long>, Totals> days_;
};

// Computes all rollups, and the group of each job, anew.
void rebuild_rollups(soci::session& sql, Groups& groups);
// The sums by property from those of the groups, which stand.
void rebuild_property_rollups(soci::session& sql);

}  // namespace carbon::ledger

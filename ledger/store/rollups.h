// SPDX-License-Identifier: Apache-2.0
// Rollups: sums over jobs by the UTC day, month and year in which they ended, by group and by each single dimension. A
// transaction that changes rows of jobs changes the rollups by the difference. Used only in ledger/.
#pragma once

#include <soci/soci.h>

#include <array>
#include <map>
#include <utility>

#include "core/time.h"
#include "ledger/rows/totals.h"
#include "ledger/store/job_groups.h"

namespace carbon::ledger {

// 'y', 'm' or 'd': the start of the period that contains `t`, and of the period after the one that begins at `start`.
inline constexpr std::array<char, 3> kPeriods = {'y', 'm', 'd'};
Instant period_start(char period, Instant t);
Instant period_after(char period, Instant start);

// Differences, gathered over a batch of jobs and written at its end.
class RollupDeltas {
 public:
  void add(const JobRow& row, long long group) { days_[{period_start('d', row.end), group}] += totals_of(row); }
  void remove(const JobRow& row, long long group) { days_[{period_start('d', row.end), group}] -= totals_of(row); }
  void write(soci::session& sql, const JobGroups& groups) const;

 private:
  std::map<std::pair<Instant, long long>, Totals> days_;
};

// Recomputes all rollups, and the group of each job.
void rebuild_rollups(soci::session& sql, JobGroups& groups);

}  // namespace carbon::ledger

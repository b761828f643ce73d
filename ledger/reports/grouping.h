// SPDX-License-Identifier: Apache-2.0
// Which row of a report each group of jobs belongs to. Used only in ledger/.
#pragma once

#include <soci/soci.h>

#include <vector>

#include "ledger/reports/report.h"
#include "ledger/store/job_groups.h"

namespace carbon::ledger {

struct Grouping {
  std::vector<ReportRow> rows;    // with zero sums
  std::vector<int> row_of;        // by group number; -1, or beyond the end: not selected
  std::vector<long long> groups;  // the numbers of those that are selected
  bool all = true;                // every group is selected
};

Grouping grouping_of(soci::session& sql, JobGroups& groups, const ReportQuery& query);

}  // namespace carbon::ledger

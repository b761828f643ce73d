// SPDX-License-Identifier: Apache-2.0
// Sums over a window from the rollups: whole years, months and days of it, and single jobs at its edges. Used only in ledger/.
#pragma once

#include <soci/soci.h>

#include <vector>

#include "ledger/reports/grouping.h"
#include "ledger/reports/report.h"

namespace carbon::ledger {

// Adds the sums of the jobs that ended in [when.start, when.end) to the rows of `grouping`.
void add_window(soci::session& sql, Interval when, Grouping& grouping);

// Sums over all jobs by one dimension, from the rollups by dimension: a large cluster has so many groups that reading the rollups
// of all of them takes long.
std::vector<ReportRow> sums_by(soci::session& sql, Dimension dimension, Interval when);

}  // namespace carbon::ledger

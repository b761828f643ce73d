// SPDX-License-Identifier: Apache-2.0
// Sums over a window from the rollups: whole years, months and days of it, and single jobs at its edges. Inside ledger/ alone.
#pragma once

#include <soci/soci.h>

#include <vector>

#include "ledger/reports/dimensions.h"
#include "ledger/reports/report.h"

namespace carbon::ledger {

// Adds the sums of the jobs that ended in [when.start, when.end) to the rows of `grouping`.
void add_window(soci::session& sql, Interval when, Grouping& grouping);
// The same from the jobs alone.
void add_jobs(soci::session& sql, Interval when, Grouping& grouping);

// The sums of all of them by one property: from rollups that are kept for it, where the groups of a large cluster are so many
// that to read them all takes long.
std::vector<ReportRow> sums_by(soci::session& sql, Dimension by, Interval when);

}  // namespace carbon::ledger

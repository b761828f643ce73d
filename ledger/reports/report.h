// SPDX-License-Identifier: Apache-2.0
// Queries of the ledger: sums over jobs by one or two dimensions, and single jobs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "ledger/rows/dimension.h"
#include "ledger/rows/totals.h"
#include "ledger/store/store.h"

namespace carbon::ledger {

// Selects jobs whose value in `dimension` is one of `values`.
struct ReportFilter {
  Dimension dimension = Dimension::kUser;
  std::vector<std::string> values;
};

// What a caller may see: the user's own jobs, and those of accounts that the user coordinates.
struct Scope {
  std::string user;
  std::vector<std::string> accounts{};
};

struct ReportQuery {
  Dimension group_by = Dimension::kUser;
  Interval when;                       // jobs that ended in it
  std::optional<Dimension> then_by{};  // splits each row by a second dimension
  std::vector<ReportFilter> only{};    // all must hold
  std::optional<Scope> visible{};      // none: everything
};

// Runs that Slurm's accounting knows and of which no record came; they are in no other sum.
struct UnrecordedSums {
  std::int64_t jobs = 0;
  std::optional<std::int64_t> gpu_ms = 0;  // none: not known of some
  UnrecordedSums& operator+=(const UnrecordedSums& o);
};

struct ReportRow {
  std::string key;
  std::string then_key{};  // in the second dimension; empty without one
  Totals sums;
  std::optional<UnrecordedSums>
      unrecorded{};  // none: nothing of the window was compared with Slurm's accounting (Store::compared())
  ReportRow& operator+=(const ReportRow& o);
};

// Without rows of no jobs; by falling grams, then by key. Reads rollups, and single jobs at the edges of the window.
Result<std::vector<ReportRow>> run_report(Store& store, const ReportQuery& query);
// The sum of all rows.
Result<ReportRow> run_total(Store& store, ReportQuery query);

// All that is set must hold.
struct JobQuery {
  std::vector<std::uint32_t> job_ids{};  // empty: any
  std::optional<Instant> start{};        // jobs that ran in [start, end)
  std::optional<Instant> end{};
  std::size_t limit = 10'000;
  std::vector<ReportFilter> only{};
  std::optional<Scope> visible{};
  bool greatest_first = false;  // by grams instead of by start
};

Result<std::vector<JobRow>> find_jobs(Store& store, const JobQuery& query);

}  // namespace carbon::ledger

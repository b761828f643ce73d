// SPDX-License-Identifier: Apache-2.0
// The energy of a site's devices over a time, by what it was for: jobs, nothing (idle), or jobs of which no record has come yet.
#pragma once

#include <string>
#include <vector>

#include "ledger/reports/report.h"

namespace carbon::ledger {

// In mJ without PUE.
struct SiteEnergy {
  std::string site;
  std::int64_t device_mj = 0;
  std::int64_t idle_mj = 0;
  // Of the jobs' records, at the time when it was used: unlike in a report, a job that spans the window's edge counts by its
  // part.
  std::int64_t jobs_mj = 0;
  // The emission of the idle energy, with PUE, where the intensity is known.
  std::int64_t idle_covered_mj = 0;
  std::int64_t idle_ug = 0;
  // Of jobs that still run, or whose records are missing; below 0: of devices of which nothing has come.
  std::int64_t other_mj() const { return device_mj - idle_mj - jobs_mj; }
};

// `when` begins and ends at whole hours. The sites of which anything is known, by name.
Result<std::vector<SiteEnergy>> site_energy(Store& store, Interval when);

}  // namespace carbon::ledger

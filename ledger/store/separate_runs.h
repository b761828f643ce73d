// SPDX-License-Identifier: Apache-2.0
// Separates the records of one job id into runs. Pure: the result depends on the set of records, not on the order of arrival.
//
// - Nodes' records of one owner, restart count and start of the job in Slurm (job_start) are one run.
// - Where a node does not know job_start: records of one owner and restart count that overlap in time or nearly do. A node has
//   one start mark in a run, so a later record of it is another run's.
// - A record without a start mark is an instant, the run's end on its node, and may have the next run's restart count: it belongs
//   to the run nearest in time, whatever the count.
// - An estimate (scarbon backfill) belongs to the run that it overlaps by half of the shorter of both, or whose start and end are
//   nearly its own, whatever the count. It counts only where no node's record of that run can be read.
// Within a run a node's energy counts once: of its records that overlap, the longest.
#pragma once

#include <cstddef>
#include <vector>

#include "ledger/record/record.h"
#include "ledger/rows/job_emissions.h"

namespace carbon::ledger {

struct StoredRecord {
  EnergyRecord record;   // of a damaged one only its identity
  bool damaged = false;  // its checksum or content is wrong
};

struct Run {
  JobKey key;
  std::vector<EnergyRecord> records;  // that count, by node, then by start
  std::size_t damaged = 0;            // not among `records`
};

// `records`: all of one cluster and job id. By start; the keys are distinct.
std::vector<Run> separate_runs(std::vector<StoredRecord> records);

}  // namespace carbon::ledger

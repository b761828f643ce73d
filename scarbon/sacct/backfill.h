// SPDX-License-Identifier: Apache-2.0
// scarbon backfill: estimates and missing summaries, from sacct's rows and the ledger's runs. Pure. Times in sacct's rows are
// unix seconds (use_unix_times()).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/units.h"
#include "ledger/record/record.h"
#include "scarbon/sacct/job_format.h"

namespace carbon::scarbon {

// One run of a job.
struct PastJob {
  std::string cluster, user, account, partition, state;
  std::uint32_t job_id = 0, uid = 0;
  std::uint32_t restart = 0;
  std::optional<Instant> start, end;
  double gpus = 0;
  std::string admin_comment;
};

// The fields requested from sacct, after JobFormat's key. past_job: a row of them; none for a step.
inline constexpr const char* kPastFields = "User,UID,Account,Partition,State,End,AllocTRES,AdminComment";
std::optional<PastJob> past_job(const std::vector<std::string>& row);
// The runs of all jobs, from rows of sacct -X -D, in the order of their jobs' ids and starts. A run that follows one that was
// requeued counts as its restart; else the id was used again.
std::vector<PastJob> past_jobs(const std::vector<std::vector<std::string>>& rows);

// Assumes that each GPU draws `gpu_power` from start to end, an upper bound that is marked as an estimate. None if the job has no
// GPU, never ran, or has not ended. The uncertainty is the whole energy minus the idle draw (a seventh).
std::optional<ledger::EnergyRecord> estimate_of(const PastJob& job, Watts gpu_power);

// True if Slurm's record has no summary although the ledger has energy of the job. `job`: its last run, which carries the
// summary.
bool lacks_summary(const PastJob& job, const JobRuns& runs);

}  // namespace carbon::scarbon

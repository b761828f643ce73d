// SPDX-License-Identifier: Apache-2.0
// What scarbon backfill makes of sacct's rows and the ledger's runs. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/units.h"
#include "ledger/record/record.h"
#include "scarbon/reports/job_format.h"

namespace carbon::scarbon {

// A run of a job as sacct -X -D shows it.
struct PastJob {
  std::string cluster, user, account, partition, state;
  std::uint32_t job_id = 0, uid = 0;
  std::optional<Instant> start, end;
  double gpus = 0;
  std::string admin_comment;
};

// The fields that sacct is asked for behind JobFormat's key, and a row of them; none for a step.
inline constexpr const char* kPastFields = "User,UID,Account,Partition,State,End,AllocTRES,AdminComment";
std::optional<PastJob> past_job(const std::vector<std::string>& row);

// Each GPU drawing `gpu_power` from start to end: an upper bound that is taken for the truth, and says so. None where the job has
// no GPU, never ran, or has not ended. The uncertainty is all of it but what the GPUs draw idle (a seventh).
std::optional<ledger::EnergyRecord> estimate_of(const PastJob& job, Watts gpu_power);

// True where Slurm's record has no summary of ours though the ledger has an emission.
bool lacks_summary(const PastJob& job, const JobRuns& runs);

}  // namespace carbon::scarbon

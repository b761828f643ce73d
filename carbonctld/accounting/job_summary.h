// SPDX-License-Identifier: Apache-2.0
// The summary of a job in Slurm's accounting record: docs/admin_comment.md. Pure.
#pragma once

#include <string>

#include "carbonctld/accounting/run_part.h"
#include "carbonctld/slurm/slurm_api.h"
#include "ledger/store/store.h"

namespace carbon::carbonctld {

// What slurmdbd says of a run, and what the decision token of job_submit says: mode and home. `ran_at` stands
// for a home that is not named.
ledger::JobDetails details_from(const SlurmJob& job, const RunPart& part, const std::string& ran_at);

// `admin_comment` with our token renewed and all else kept. A job without metered device and without decision gets none.
std::string with_summary(const std::string& admin_comment, const ledger::JobRow& row);

}  // namespace carbon::carbonctld

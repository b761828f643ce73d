// SPDX-License-Identifier: Apache-2.0
// The summary of a job in its accounting record in Slurm (docs/admin_comment.md). Pure.
#pragma once

#include <string>

#include "carbonctld/accounting/run_part.h"
#include "carbonctld/slurm/slurm_api.h"
#include "ledger/store/store.h"

namespace carbon::carbonctld {

// The details of a run in slurmdbd, with mode and home from job_submit's decision token. `ran_at`: the home if the token names
// none.
ledger::JobDetails details_from(const SlurmJob& job, const RunPart& part, const std::string& ran_at);

// `admin_comment` with our token replaced and all else kept. A job with neither a metered device nor a decision gets no token.
std::string with_summary(const std::string& admin_comment, const ledger::JobRow& row);

}  // namespace carbon::carbonctld

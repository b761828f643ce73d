// SPDX-License-Identifier: Apache-2.0
// Fetches the ledger's runs of given jobs from carbonctld.
#pragma once

#include <vector>

#include "scarbon/controller_client.h"
#include "scarbon/sacct/job_format.h"

namespace carbon::scarbon {

Result<JobFormat::Runs> fetch_runs(Controller& controller, const std::vector<JobFormat::Key>& jobs);

}  // namespace carbon::scarbon

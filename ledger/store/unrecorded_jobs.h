// SPDX-License-Identifier: Apache-2.0
// The table unrecorded_jobs. Used only in ledger/.
#pragma once

#include <soci/soci.h>

#include <optional>

#include "core/time.h"

namespace carbon::ledger {

// A condition on a row of unrecorded_jobs: by now a record of this run has come. Nodes and slurmctld may disagree by 5 s on when
// a run began and ended.
inline constexpr const char* kSeen =
    "EXISTS (SELECT 1 FROM jobs j WHERE j.job_id = unrecorded_jobs.job_id AND j.cluster = unrecorded_jobs.cluster"
    " AND j.start_ms < unrecorded_jobs.end_ms + 5000 AND j.end_ms > unrecorded_jobs.start_ms - 5000)";

// As Store::compared().
std::optional<Interval> compared_interval(soci::session& sql);

}  // namespace carbon::ledger

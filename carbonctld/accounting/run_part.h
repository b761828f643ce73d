// SPDX-License-Identifier: Apache-2.0
// The counterfactual of a requeued job: the parts of its runs that it would have run without us, once and one after the other.
// Pure.
#pragma once

#include <optional>
#include <vector>

#include "carbonctld/slurm/slurm_api.h"

namespace carbon::carbonctld {

// The part of a run that the job would also have run without us; none: from the run's start, or to its end. The rest was lost to
// a requeue or repeated after one.
struct RunPart {
  Instant turn;  // when this part would have started without us
  std::optional<Instant> from, to;
};

// For `job`, which has a start and is one of `found`. A run that we interrupted counts up to the checkpoint signal; the next run
// is assumed to need as long as the grace period to get back to that point, since restoring cannot be measured. Nothing counts of
// a run that Slurm requeued.
RunPart part_of(const std::vector<SlurmJob>& found, const SlurmJob& job);

// Whether the job was requeued after this run.
bool was_requeued(const std::vector<SlurmJob>& found, const SlurmJob& job);

}  // namespace carbon::carbonctld

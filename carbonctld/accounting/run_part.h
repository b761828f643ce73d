// SPDX-License-Identifier: Apache-2.0
// The runs of one job, laid end to end as it would have run without us: once, from its submission on. Pure.
#pragma once

#include <optional>
#include <vector>

#include "carbonctld/slurm/slurm_api.h"

namespace carbon::carbonctld {

// The part of a run that it would have had without us too; none: from the run's start, to its end. What lies outside was lost to
// a requeue, or done again behind one.
struct RunPart {
  Instant turn;  // when its turn would have come without us
  std::optional<Instant> from, to;
};

// Of `job`, which has a start and is one of `found`. An interruption of ours keeps what ran until the signal, and its next run
// needs as long as the grace to get there again: what the decision reckoned with, for nobody can meter it. Of a run that
// Slurm requeued nothing is kept.
RunPart part_of(const std::vector<SlurmJob>& found, const SlurmJob& job);

// True where the job was to run again behind this run.
bool was_requeued(const std::vector<SlurmJob>& found, const SlurmJob& job);

}  // namespace carbon::carbonctld

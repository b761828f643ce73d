// SPDX-License-Identifier: Apache-2.0
// The counterfactual of a requeued job: the parts of its runs that it would have run without us, once and one after the other.
// Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "carbonctld/slurm/slurm_api.h"

namespace carbon::carbonctld {

// The part of a run that the job would also have run without us; none: from the run's start, or to its end. The rest was lost to
// a requeue or repeated after one.
struct RunPart {
  Instant submit;  // of the first run
  Instant turn;    // when this part would have started without us
  std::optional<Instant> from, to;
  std::optional<Instant> planned;  // the start of the first run that we planned; none: none
  bool interrupted = false;        // by us, in this run or before
};

// The runs of one job among those of its id, by submission: Slurm gives an id again. A run continues the one before if both are
// of one owner and it was submitted when that one ended, as a requeue does; and if a node counted restarts, or slurmdbd says that
// the one before was requeued. `restarts`: of a run, as its nodes counted; none: not known.
std::vector<SlurmJob> runs_of_job(const std::vector<SlurmJob>& found, const SlurmJob& job,
                                  const std::function<std::optional<std::uint32_t>(const SlurmJob&)>& restarts);

// For `job`, which has a start and is one of `found`, the runs of its job. Of the first run's wait only the time from submission
// to the planned start is ours; what it waited beyond that was the queue. A run that we interrupted counts up to the checkpoint
// signal; the next run is assumed to need as long as the grace period to get back to that point, since restoring cannot be
// measured. Nothing counts of a run that Slurm requeued, and the time until the next one is not ours.
RunPart part_of(const std::vector<SlurmJob>& found, const SlurmJob& job);

// Whether `found` has a later run of its id: of the job that was requeued, or of another job.
bool has_later_run(const std::vector<SlurmJob>& found, const SlurmJob& job);

}  // namespace carbon::carbonctld

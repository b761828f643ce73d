// SPDX-License-Identifier: Apache-2.0
// Jobs that asked for it (--carbon=interrupt) are taken off the nodes over a dirty stretch: the signal to write a checkpoint, a
// grace, a requeue, and a new begin in a green stretch. Pure.
//
// Each step stands in the job's AdminComment before it is taken, so that a restart of carbonctld in between loses no job:
// "times" (interruptions so far), "ran" (seconds of its earlier runs), "stop" (when the grace is over) and "again" (when it is to
// begin again); the last two while it is under way.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "carbonctld/slurm/slurm_queue.h"
#include "config/config.h"
#include "policies/policy.h"

namespace carbon::carbonctld {

struct Interruption {
  std::uint32_t job_id = 0;
  JobChange mark;  // comes before the signal
  std::string why;
};

struct InterruptRound {
  std::vector<Interruption> signals;
  std::vector<std::uint32_t> requeues;  // their grace is over
  std::vector<JobChange> resumptions;   // they wait again, and are to begin as planned
  std::optional<Instant> next;          // when the next grace is over
};

// `sites`: each site of the configuration as it is ahead.
InterruptRound plan_interruptions(const SlurmQueue& queue, const config::Config& config, std::span<const SiteForecast> sites,
                                  Instant now);

// A job that was requeued for the carbon alone, and not by Slurm or its owner as well.
bool interrupted_by_us(const QueuedJob& job);

}  // namespace carbon::carbonctld

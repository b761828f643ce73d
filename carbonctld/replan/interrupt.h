// SPDX-License-Identifier: Apache-2.0
// Carbon interruptions: jobs with --carbon=interrupt are checkpointed and requeued for a period of high intensity. A job gets a
// signal to write its checkpoint, a grace period, a requeue, and a new begin time. Pure.
//
// Each step is recorded in the job's decision token (times, ran, stop, again) before it is taken, so carbonctld goes on after a
// restart. If it dies between the record and the signal, or the signal fails, the job is requeued without having been signalled.
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
  JobChange token;  // to be sent before the signal
  std::string why;
};

struct InterruptRound {
  std::vector<Interruption> signals;
  std::vector<std::uint32_t> requeues;  // their grace period is over
  std::vector<JobChange> resumptions;   // requeued jobs: their planned begin times
  std::optional<Instant> next;          // when the next grace period ends
};

// `sites`: one for each site of the configuration.
InterruptRound plan_interruptions(const SlurmQueue& queue, const config::Config& config, std::span<const SiteForecast> sites,
                                  Instant now);

// The job was requeued by carbon interruptions only, never by Slurm or its owner.
bool interrupted_by_us(const QueuedJob& job);

}  // namespace carbon::carbonctld

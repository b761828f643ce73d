// SPDX-License-Identifier: Apache-2.0
// Slurm's queue as the planner needs it: the waiting jobs that may be re-planned, the jobs that compete for GPUs, and the number
// of GPUs. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "carbonctld/slurm/slurm_queue.h"
#include "config/config.h"
#include "core/slurm/decision_token.h"
#include "core/slurm/job.h"

namespace carbon::carbonctld {

// A job that job_submit_carbon deferred, before its planned start.
struct WaitingJob {
  const QueuedJob* job = nullptr;
  DecisionToken token;
  CarbonMode mode = CarbonMode::kOff;
  std::size_t home = 0, site = 0;
  Instant planned, latest, cap;  // as in the token
  double data_gb = 0;
  Duration runtime{0};      // expected
  Watts power;              // expected, of all its units
  std::uint64_t sites = 1;  // bit i: site i can run it
};

// Another job that waits for GPUs now.
struct QueueingJob {
  const QueuedJob* job = nullptr;
  std::size_t site = 0;
  Duration runtime{0};
  std::optional<WaitingJob> ours;  // a deferred job past its planned start
};

// A job that occupies GPUs.
struct RunningJob {
  const QueuedJob* job = nullptr;
  std::size_t site = 0;
  Duration runtime{0};  // expected
  Instant expected_end() const { return job->started + runtime; }
};

struct QueueReading {
  std::vector<WaitingJob> waiting;
  std::vector<QueueingJob> queueing;
  std::vector<RunningJob> running;
  std::vector<JobChange> given_up;     // jobs that a user has changed: mode=user
  std::vector<JobChange> called_back;  // jobs that another cluster refused: sent home
  std::vector<double> capacity;        // GPUs of each site
};

// `all`: include deferred jobs of other clusters of the federation.
QueueReading read_queue(const SlurmQueue& queue, const config::Config& config, Instant now, bool all);

// The site of a job, by its partition and by the features that it requests (or those of its node).
std::optional<std::size_t> site_of(const QueuedJob& job, const SlurmQueue& queue, const config::Config& config);

Duration expected_runtime(const QueuedJob& job, const PlacementRules& rules);

}  // namespace carbon::carbonctld

// SPDX-License-Identifier: Apache-2.0
// Slurm's queue in the words of the planner: which waiting jobs are ours to move, which jobs they have to share the GPUs with,
// and how many GPUs there are. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "carbonctld/slurm/slurm_queue.h"
#include "config/config.h"
#include "core/decision_token.h"
#include "core/job.h"

namespace carbon::carbonctld {

// A job that job_submit_carbon deferred and whose time has not come.
struct WaitingJob {
  const QueuedJob* job = nullptr;
  DecisionToken token;
  CarbonMode mode = CarbonMode::kOff;
  std::size_t home = 0, site = 0;
  Instant planned, latest, cap;  // `latest`: as the user was told
  double data_gb = 0;
  Duration runtime{0};      // expected
  Watts power;              // expected, of all its units
  std::uint64_t sites = 1;  // where it could run
};

// Another job that waits for GPUs now.
struct QueueingJob {
  const QueuedJob* job = nullptr;
  std::size_t site = 0;
  Duration runtime{0};
  std::optional<WaitingJob> ours;  // its planned time has come, and it is not running yet
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
  std::vector<JobChange> given_up;     // jobs that somebody has changed: marked as his
  std::vector<JobChange> called_back;  // jobs that another cluster refused: home again
  std::vector<double> capacity;        // GPUs of each site
};

// `all`: deferred jobs of other clusters of the federation are ours to move too.
QueueReading read_queue(const SlurmQueue& queue, const config::Config& config, Instant now, bool all);

// The site that a job is at, by its partition and by the features that it asks for (or those of its node).
std::optional<std::size_t> site_of(const QueuedJob& job, const SlurmQueue& queue, const config::Config& config);

Duration expected_runtime(const QueuedJob& job, const PlacementRules& rules);

}  // namespace carbon::carbonctld

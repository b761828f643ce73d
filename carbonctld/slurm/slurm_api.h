// SPDX-License-Identifier: Apache-2.0
// Interface to Slurm. Only four files call libslurm, whose structs differ by Slurm version: slurm_api.cpp (slurmdbd, settings),
// topology_api.cpp (partitions, nodes, associations), slurm_queue_api.cpp (the queue, and everything that changes a job) and
// slurm_federation_api.cpp (the clusters of the federation).
//
// libslurm may block for long and ends the process on some errors (fatal()), so the daemon calls it in a child process:
// slurm_child.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "carbonctld/slurm/privacy.h"
#include "carbonctld/slurm/slurm_queue.h"
#include "carbonctld/slurm/topology.h"
#include "core/result.h"
#include "core/time.h"

namespace carbon::carbonctld {

// A run of a job as slurmdbd knows it. An array task has its own job_id but is addressed by its array and index, because the raw
// id of the array's own job means all its tasks. The same holds for the components of a heterogeneous job.
struct SlurmJob {
  std::string cluster;
  std::uint32_t job_id = 0;
  std::uint32_t uid = 0;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> array;  // array job id, index
  bool whole_array = false;  // the record does not yet name its task: a change applies to all tasks
  std::optional<std::pair<std::uint32_t, std::uint32_t>> het;  // leader's job id, offset
  Instant submit{};
  std::optional<Instant> start;  // none: it never started
  std::optional<Instant> end;    // none: slurmdbd does not know its end yet
  std::string admin_comment;
  std::string name, state, exit_code, qos, wckey, comment;  // as sacct prints them; state without "by UID"
};

// A run that has ended, as slurmdbd knows it.
struct EndedJob {
  std::uint32_t job_id = 0;
  Instant start{}, end{};
  std::string user, account, partition, qos, wckey, state;
  std::optional<std::uint32_t> gpus;  // none: slurmdbd does not account for GPUs
};

struct SlurmSettings {
  std::uint32_t slurm_user = 0;  // SlurmUser's uid
  Privacy privacy{};             // of slurm.conf
  bool associations_enforced = false;
};

// A user's rights in slurmdbd to see other users' data.
struct SlurmRights {
  bool operates = false;                 // AdminLevel Operator or Administrator: sees all
  std::vector<std::string> coordinates;  // accounts that the user coordinates, with their sub-accounts
  std::optional<Privacy> privacy;        // of slurmdbd.conf, which governs sacct and sreport; none: unknown
};

// Whether this build's Slurm accepts a job's energy as a TRES.
bool takes_energy_tres();

class SlurmApi {
 public:
  virtual ~SlurmApi() = default;
  // All runs of all jobs that had these raw job ids in slurmdbd. Others may be among them (other tasks of an array).
  virtual Result<std::vector<SlurmJob>> find_jobs(const std::string& cluster, const std::vector<std::uint32_t>& job_ids) = 0;
  // All runs that ran and ended in `ended`.
  virtual Result<std::vector<EndedJob>> ended_jobs(const std::string& cluster, Interval ended) = 0;
  // Writes into slurmdbd's record of the job. Of the records of one id only the last can be addressed: `job` must be the run of
  // the latest submit time. `joules` is written as the TRES energy if takes_energy_tres().
  virtual Status write_summary(const SlurmJob& job, const std::string& admin_comment, std::optional<std::uint64_t> joules) = 0;
  virtual Result<std::vector<Association>> associations(const std::vector<std::string>& clusters) = 0;
  // From slurmctld. `others`: clusters of its federation to include; those that do not answer are left out.
  virtual Result<Topology> topology(const std::vector<std::string>& others) = 0;
  virtual Result<SlurmSettings> settings() = 0;
  // From slurmdbd. An unknown user has no rights.
  virtual Result<SlurmRights> rights(const std::string& user) = 0;
  // All pending and running jobs of this cluster and of `others`, and the nodes with GPUs.
  virtual Result<SlurmQueue> queue(const std::vector<std::string>& others) = 0;
  // For an array: all its pending tasks.
  virtual Status change_job(const JobChange& change) = 0;
  // To the batch script and its steps.
  virtual Status signal_job(std::uint32_t job_id, int signal_number) = 0;
  // Ends a running batch job and queues it again.
  virtual Status requeue_job(std::uint32_t job_id) = 0;
};

std::unique_ptr<SlurmApi> make_libslurm_api();

}  // namespace carbon::carbonctld

// SPDX-License-Identifier: Apache-2.0
// What carbonctld asks of Slurm. Four files talk libslurm, whose structs differ by Slurm version: slurm_api.cpp (slurmdbd,
// settings), slurm_places_api.cpp (where jobs can run), slurm_queue_api.cpp (the queue: all that moves a job stands there) and
// slurm_federation_api.cpp (which clusters there are to ask).
//
// libslurm may block for long and ends the process on some errors (fatal()), so the daemon calls it in a child of its own:
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

// A run of a job as slurmdbd knows it. An array task has its own job_id, but is addressed by its array and index: the raw id of
// the array's own job means all of its tasks. Likewise the components of a heterogeneous job.
struct SlurmJob {
  std::string cluster;
  std::uint32_t job_id = 0;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> array;  // array job id, index
  bool whole_array = false;  // its record does not say yet which task it is: what is done to it is done to all of them
  std::optional<std::pair<std::uint32_t, std::uint32_t>> het;  // leader's job id, offset
  Instant submit{};
  std::optional<Instant> start;  // none: it never started
  std::optional<Instant> end;    // none: slurmdbd has not been told of its end
  std::string admin_comment;
  std::optional<Instant> eligible;
  std::string name, state, exit_code, qos, wckey, comment;  // as sacct prints them; state without who cancelled it
};

struct SlurmSettings {
  std::uint32_t slurm_user = 0;  // SlurmUser's uid
  Privacy privacy{};             // of slurm.conf
  bool associations_enforced = false;
};

// What slurmdbd lets a user see of others.
struct SlurmRights {
  bool operates = false;                 // AdminLevel Operator or Administrator: all
  std::vector<std::string> coordinates;  // accounts whose coordinator he is, their sub-accounts among them
  std::optional<Privacy> privacy;        // of slurmdbd.conf, which governs sacct and sreport; none: not told
};

// Whether the Slurm that this is built with takes a job's energy as a TRES.
bool takes_energy_tres();

class SlurmApi {
 public:
  virtual ~SlurmApi() = default;
  // All runs that slurmdbd knows of these raw job ids; more may be among them (an array's other tasks).
  virtual Result<std::vector<SlurmJob>> find_jobs(const std::string& cluster, const std::vector<std::uint32_t>& job_ids) = 0;
  // Into slurmdbd's record of the job. It can address the last run of a requeued job only: `job` must be the one of the latest
  // submit time. `joules`: as the TRES energy, where takes_energy_tres().
  virtual Status write_summary(const SlurmJob& job, const std::string& admin_comment, std::optional<std::uint64_t> joules) = 0;
  virtual Result<std::vector<Association>> associations(const std::vector<std::string>& clusters) = 0;
  // From slurmctld. `others`: clusters of its federation that matter; those of them that do not answer are left out.
  virtual Result<Topology> topology(const std::vector<std::string>& others) = 0;
  virtual Result<SlurmSettings> settings() = 0;
  // From slurmdbd. A user whom it does not know has no rights.
  virtual Result<SlurmRights> rights(const std::string& user) = 0;
  // All jobs of this cluster, and of those `others`, that wait or run, and the nodes with GPUs.
  virtual Result<SlurmQueue> queue(const std::vector<std::string>& others) = 0;
  // Of an array: all of its tasks that wait.
  virtual Status change_job(const JobChange& change) = 0;
  // To the batch script and its steps.
  virtual Status signal_job(std::uint32_t job_id, int signal_number) = 0;
  // Ends a running batch job; it waits again.
  virtual Status requeue_job(std::uint32_t job_id) = 0;
};

std::unique_ptr<SlurmApi> make_libslurm_api();

}  // namespace carbon::carbonctld

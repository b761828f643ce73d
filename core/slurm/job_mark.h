// SPDX-License-Identifier: Apache-2.0
// Job mark: a small file by which spank_carbon.so or carbon_mark notifies carbond that a job starts or ends on this node. A
// version line, then lines of key=value; docs/marks.md. It is written under a temporary name and renamed, so a reader never sees
// a partial mark.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace carbon::inline core {

enum class JobMarkEvent : std::uint8_t { kStart, kEnd };

struct JobMark {
  JobMarkEvent event = JobMarkEvent::kStart;
  Instant at;              // wall clock
  Duration since_boot{0};  // CLOCK_BOOTTIME at the same moment: reveals a stepped wall clock
  std::string boot_id;     // /proc/sys/kernel/random/boot_id: since_boot compares only within one boot
  std::string cluster;
  std::string node;
  std::uint32_t job_id = 0;
  // SLURM_JOB_RESTART_COUNT. The end mark of a requeued run already has the count of the next run, so an end mark closes the
  // job's open run on the node, whatever its count. There is at most one.
  std::uint32_t restart = 0;
  // SLURM_JOB_START_TIME, in whole seconds: the same on all nodes of a run, and never the same for two jobs that had the same id.
  // None: this version of Slurm does not set it.
  std::optional<Instant> job_start;
  std::uint32_t uid = 0;
  std::string user;
  std::string account;
  std::string partition;
  std::uint32_t num_nodes = 1;
  std::uint32_t cpus = 0;  // of this job on this node; 0 if unknown
  // From SLURM_JOB_GPUS: positions in Slurm's own list of the node's GPUs and MIG instances (core/slurm/node_gpus.h).
  std::vector<std::uint32_t> gpus;
  // What CUDA_VISIBLE_DEVICES or ROCR_VISIBLE_DEVICES says of them: "GPU-<uuid>", "MIG-<uuid>", or empty where it has a number.
  // As long as `gpus`, and in its order; or empty: no UUID is known. Without `gpus` the UUIDs alone say what the job has.
  std::vector<std::string> uuids;
  std::uint32_t mps_percent = 0;  // CUDA_MPS_ACTIVE_THREAD_PERCENTAGE: the job's share of each GPU; 0: no MPS
};

inline constexpr std::size_t kMaxJobMarkBytes = 16384;

// "start.123.0.1764000000123": event, job, restart count, unix ms.
std::string job_mark_file_name(const JobMark& mark);
std::string format_job_mark(const JobMark& mark);
// Unknown keys are ignored (a newer plugin); a missing or invalid key is an error that names it.
Result<JobMark> parse_job_mark(std::string_view text);

// Replaces %n in `path` ("/spool/%n") by the node's name.
std::string node_path(std::string path, std::string_view node);

}  // namespace carbon::inline core

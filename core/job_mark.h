// SPDX-License-Identifier: Apache-2.0
// A mark: the small file by which spank_carbon.so or carbon_mark tells carbond that a job starts or ends on this node. Lines of
// key=value behind a version line; docs/marks.md. It is written under a temporary name and renamed, so a reader never sees half
// of one.
#pragma once

#include <cstdint>
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
  Duration since_boot{0};  // CLOCK_BOOTTIME at the same moment: tells a stepped clock from time that passed
  std::string boot_id;     // /proc/sys/kernel/random/boot_id: since_boot compares only within one boot
  std::string cluster;
  std::string node;
  std::uint32_t job_id = 0;
  // SLURM_JOB_RESTART_COUNT. The end mark of a run that was requeued holds the next run's count already: an end closes the run
  // of that job which is open on the node, whatever its count. There is at most one.
  std::uint32_t restart = 0;
  std::uint32_t uid = 0;
  std::string user;
  std::string account;
  std::string partition;
  std::uint32_t num_nodes = 1;
  std::uint32_t cpus = 0;           // of this job on this node; 0 where Slurm did not say
  std::vector<std::uint32_t> gpus;  // device minors (the N of /dev/nvidiaN), as in SLURM_JOB_GPUS
  // The MIG instances of the job, "MIG-<uuid>", as in CUDA_VISIBLE_DEVICES. Where there are any, `gpus` counts instances and
  // names no minors.
  std::vector<std::string> mig;
  std::uint32_t mps_percent = 0;  // CUDA_MPS_ACTIVE_THREAD_PERCENTAGE: its share of each GPU; 0: not shared by MPS
};

inline constexpr std::size_t kMaxJobMarkBytes = 16384;

// "start.123.0.1764000000123": event, job, restart count, unix ms.
std::string job_mark_file_name(const JobMark& mark);
std::string format_job_mark(const JobMark& mark);
// Unknown keys are ignored (a newer plugin); a missing or bad one is an error that names it.
Result<JobMark> parse_job_mark(std::string_view text);

// "/spool/%n" with %n replaced by the node's name: where a node's marks are.
std::string node_path(std::string path, std::string_view node);

}  // namespace carbon::inline core

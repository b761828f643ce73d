// SPDX-License-Identifier: Apache-2.0
// job_submit_carbon.so: the plugin that slurmctld calls for each job. It reads one local file and waits for nothing; without a
// valid snapshot the job runs now. Entry points only: the work is in job_description, snapshot_watch and placement.
#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include <cstdlib>
#include <memory>
#include <mutex>

#include "placement/submission.h"
#include "plugin/guard.h"
#include "plugin/job_description.h"
#include "plugin/snapshot_watch.h"

extern "C" {
// A symbol of slurmctld: the partition of jobs that request none. Other hosts lack it.
extern __attribute__((weak)) char* default_part_name;

// Constants have internal linkage in C++ unless declared before.
extern const char plugin_name[], plugin_type[];
extern const std::uint32_t plugin_version;
const char plugin_name[] = "slurm-carbon: when and where jobs run, by the grid's carbon intensity";
const char plugin_type[] = "job_submit/carbon";
const std::uint32_t plugin_version = SLURM_VERSION_NUMBER;
}

namespace carbon::plugin {
namespace {

constexpr const char* kSnapshotFile = "/var/lib/slurm-carbon/snapshot";

// Created in init(), not by a static constructor: Slurm opens a plugin once to inspect it and once to use it.
struct State {
  SnapshotWatch watch;
  placement::StartReservations reservations;
};
constinit std::mutex state_mutex;
constinit State* state = nullptr;

void start() {
  const char* file = std::getenv("SLURM_CARBON_SNAPSHOT");
  const std::scoped_lock lock(state_mutex);
  delete state;
  state = nullptr;
  state = new State{SnapshotWatch(file != nullptr && *file != '\0' ? file : kSnapshotFile,
                                  [](const std::string& line) { log_info("job_submit/carbon: %s", line.c_str()); }),
                    {}};
}

void stop() {
  const std::scoped_lock lock(state_mutex);
  delete state;
  state = nullptr;
}

void submit(job_desc_msg_t& job, char** user_message) {
  const char* fallback = &default_part_name != nullptr ? default_part_name : nullptr;
  const auto request = read_job(job, fallback != nullptr ? fallback : "");
  placement::SubmitDecision decision;
  {
    const std::scoped_lock lock(state_mutex);
    if (state == nullptr) return;
    const auto at = now();
    decision = placement::decide(request, state->watch.current(at), state->reservations, at);
  }
  apply(decision, job, user_message);
}

}  // namespace
}  // namespace carbon::plugin

extern "C" {

int init() {
  return carbon::plugin::guard("init", [] { carbon::plugin::start(); });
}
int fini() {
  return carbon::plugin::guard("fini", [] { carbon::plugin::stop(); });
}

int job_submit(job_desc_msg_t* job, std::uint32_t /*submit_uid*/, char** user_message) {
  return carbon::plugin::guard("job_submit", [&] {
    if (job != nullptr) carbon::plugin::submit(*job, user_message);
  });
}

// A user's later change of a job is respected; carbonctld re-plans the rest. (From Slurm 23.11 on the caller passes a fourth
// argument, which is not needed.)
int job_modify(job_desc_msg_t* /*change*/, void* /*job_record*/, std::uint32_t /*submit_uid*/) { return SLURM_SUCCESS; }
}

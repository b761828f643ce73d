// SPDX-License-Identifier: Apache-2.0
// The part of SlurmApi that reads the queue and changes jobs, by libslurm. For slurm_api.cpp.
#pragma once

#include "carbonctld/slurm/slurm_queue.h"
#include "core/result.h"

namespace carbon::carbonctld::libslurm {

Result<SlurmQueue> queue(const std::vector<std::string>& others);
Status change_job(const JobChange& change);
Status signal_job(std::uint32_t job_id, int signal_number);
Status requeue_job(std::uint32_t job_id);

}  // namespace carbon::carbonctld::libslurm

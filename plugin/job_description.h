// SPDX-License-Identifier: Apache-2.0
// Converts between Slurm's job_desc_msg_t and the types of placement/. No decisions are made here.
#pragma once

#include <slurm/slurm.h>

#include <string_view>

#include "placement/submission.h"

namespace carbon::plugin {

// The job id: part of step_id from Slurm 25.11 on.
template <class Description>
auto& number_in(Description& job) {
  if constexpr (requires { job.job_id; }) {
    return job.job_id;
  } else {
    return job.step_id.job_id;
  }
}

// `default_partition`: the partition of jobs that request none; empty if not known. Views point into `job`.
placement::SubmitRequest read_job(const job_desc_msg_t& job, std::string_view default_partition);

// Writes begin time, partition, constraint and AdminComment into `job`, and appends the message to `*user_message`.
void apply(const placement::SubmitDecision& decision, job_desc_msg_t& job, char** user_message);

}  // namespace carbon::plugin

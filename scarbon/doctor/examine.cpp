// SPDX-License-Identifier: Apache-2.0
#include "scarbon/doctor/examinations.h"

namespace carbon::scarbon::doctor {

std::vector<Examination> examine(const Host& host, const std::string& nvml) {
  const auto answers = query_carbonctld(host);
  const auto at = now();
  return {examine_carbon_conf(host),
          examine_slurm_conf(host),
          examine_job_submit(host),
          examine_plugstack(host),
          examine_munge(host),
          examine_directories(host),
          examine_carbonctld(host, answers),
          examine_feeds(host, answers, at),
          examine_snapshot(host, answers, at),
          examine_gpus(host, nvml),
          examine_records(host, answers)};
}

}  // namespace carbon::scarbon::doctor

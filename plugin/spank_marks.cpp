// SPDX-License-Identifier: Apache-2.0
// The marks of job_prolog and job_epilog. Both run as root in a short-lived process of slurmd; the job's data is in the
// environment, and its ids come from spank_get_item.
#include "plugin/marks.h"
#include "plugin/slurm_symbols.h"
#include "plugin/spank_hooks.h"

namespace carbon::plugin {

void record_mark(spank_t spank, JobMarkEvent event, int argc, char** argv) {
  std::uint32_t job_id = 0;
  uid_t uid = 0;
  if (spank_get_item(spank, S_JOB_ID, &job_id) != ESPANK_SUCCESS || spank_get_item(spank, S_JOB_UID, &uid) != ESPANK_SUCCESS) {
    log_error("carbon: Slurm did not provide the job's id and user: no mark is written, the job is not metered");
    return;
  }
  const auto argument = spool_in({argv, static_cast<std::size_t>(argc)});
  for (const auto& message : argument.unknown) log_error("carbon: plugstack.conf: %s", message.c_str());
  const auto recorded = record_mark(event, job_id, uid, argument.spool);
  if (!recorded) log_error("carbon: job %u: %s", job_id, recorded.error().message.c_str());
}

}  // namespace carbon::plugin

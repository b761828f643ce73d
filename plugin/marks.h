// SPDX-License-Identifier: Apache-2.0
// Job marks: record a job's start or end on this node, in slurmd's prolog or epilog, from spank_carbon.so or carbon_mark.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/slurm/job_mark.h"

namespace carbon::plugin {

struct SpoolArgument {
  std::string spool;                 // of "spool=DIRECTORY", else /var/spool/slurm-carbon
  std::vector<std::string> unknown;  // a message about each other argument
};
SpoolArgument spool_in(std::span<char* const> arguments);

// Writes the mark of the job in this process's environment; %n in `spool` is the node's name. No network, no sync, no waiting:
// carbond does the rest.
Status record_mark(JobMarkEvent event, std::uint32_t job_id, uid_t uid, const std::string& spool);

}  // namespace carbon::plugin

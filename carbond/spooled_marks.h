// SPDX-License-Identifier: Apache-2.0
// Job marks that wait in the spool's marks/ folder.
#pragma once

#include <filesystem>
#include <vector>

#include "carbond/spool.h"
#include "core/slurm/job_mark.h"

namespace carbon::carbond {

struct SpooledMarks {
  std::vector<JobMark> marks;                // in order of time
  std::vector<std::filesystem::path> files;  // of these marks, in no particular order
};

// Reads all marks. One that cannot be parsed is moved to refused/, with the reason in the log.
SpooledMarks read_spooled_marks(const Spool& spool);

}  // namespace carbon::carbond

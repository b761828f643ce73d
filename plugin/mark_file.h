// SPDX-License-Identifier: Apache-2.0
// Writes a job mark into the spool, safely even if other users can write to directories above it.
#pragma once

#include <string>

#include "core/result.h"
#include "core/slurm/job_mark.h"

namespace carbon::plugin {

// <spool>/marks/<job_mark_file_name>, mode 0600. The last directory of `spool` and marks/ are created (0700) if missing.
// Both must be real directories that belong to the caller and that no other user can write to. The file appears whole (temporary
// name with a leading dot, rename) and is not synced: a node that loses power loses the job too.
Status write_mark(const std::string& spool, const JobMark& mark);

}  // namespace carbon::plugin

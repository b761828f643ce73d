// SPDX-License-Identifier: Apache-2.0
// Spool of carbond: its directories on the node. Files in them are replaced by rename, so a crash leaves the old or the new one.
//   marks/    by spank_carbon.so, carbon_mark    jobs/     what must survive a restart
//   outbox/   records not yet acknowledged     refused/  marks and records that were refused, with the reason in the log
//   carbond.prom   metrics for node_exporter's textfile collector
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/result.h"
#include "core/slurm/job_mark.h"

namespace carbon::carbond {

struct Spool {
  std::filesystem::path root;

  // `configured`: see node_path().
  static Spool at(const std::string& configured, const std::string& node);
  Status create() const;  // directories of mode 0700

  std::filesystem::path marks() const { return root / "marks"; }
  std::filesystem::path jobs() const { return root / "jobs"; }
  std::filesystem::path outbox() const { return root / "outbox"; }
  std::filesystem::path refused() const { return root / "refused"; }
};

// Job marks that wait in marks/.
struct SpooledMarks {
  std::vector<JobMark> marks;                // in order of time
  std::vector<std::filesystem::path> files;  // of these marks, in no particular order
};

// Whether the mark was left before this boot, which began at `began`. A mark without a boot id is placed by its wall clock.
bool is_of_earlier_boot(const JobMark& mark, const std::string& boot_id, Instant began);

// Reads all marks. One that cannot be parsed is moved to refused/, with the reason in the log.
SpooledMarks read_spooled_marks(const Spool& spool);

}  // namespace carbon::carbond

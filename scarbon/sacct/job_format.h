// SPDX-License-Identifier: Apache-2.0
// The columns of `scarbon jobs`: requests them from sacct, and joins sacct's rows with the ledger's runs. Pure but for run().
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "scarbon/sacct/job_fields.h"
#include "scarbon/sacct/sacct.h"
#include "scarbon/table.h"

namespace carbon::scarbon {

// One of sacct's options that name fields: -o FIELDS, -b, -l.
struct FormatPart {
  enum Kind { kFields, kBrief, kLong } kind = kFields;
  std::string fields;
};

class JobFormat {
 public:
  // Without parts: the default columns. The error names the wrong field.
  static Result<JobFormat> make(const std::vector<FormatPart>& parts);

  // Runs sacct for these columns and for the key of the join, which comes first in each row.
  Result<SacctTable> run(const std::vector<std::string>& selection, SacctLayout layout) const;

  // Cluster and raw job id.
  using Key = std::pair<std::string, std::string>;
  using Runs = std::map<Key, JobRuns>;  // of all jobs that had an id, by start
  // The distinct jobs in sacct's rows, without steps.
  static std::vector<Key> jobs_in(const SacctTable& sacct);
  // The runs that each row is of: those of its job, which may not be the only one that had its id; with `each_run` (sacct -D) the
  // one that began when the row did. None for a step, nor for a run that has not begun.
  static std::vector<JobRuns> runs_by_row(const SacctTable& sacct, const Runs& runs, bool each_run);
  Result<Table> join(const SacctTable& sacct, const Runs& runs, bool each_run) const;

  // sacct's options for the columns, without the key.
  const std::vector<std::string>& sacct_arguments() const { return arguments_; }

 private:
  struct Slot {
    const JobField* field = nullptr;  // ours, else sacct's
    int width = 0;
  };
  Status add_fields(std::string_view fields);
  void add_own(std::string_view fields);

  std::vector<Slot> slots_;  // of -o; sacct's columns of -b and -l follow
  std::vector<Slot> last_;   // our fields after those
  std::vector<std::string> arguments_;
  bool names_key_ = false;   // a field of the key is among the columns
  bool names_time_ = false;  // a time is, which is printed as the user wants it
  bool open_ended_ = false;
  bool long_ = false;  // sacct refuses -l together with other fields
};

}  // namespace carbon::scarbon

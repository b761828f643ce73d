// SPDX-License-Identifier: Apache-2.0
// Which columns `scarbon jobs` shows, what sacct is asked for them, and how its rows and the ledger's runs become one table.
// Pure.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "scarbon/reports/job_fields.h"
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
  // Without parts: our default. The error names the field that is wrong.
  static Result<JobFormat> make(const std::vector<FormatPart>& parts);

  // Runs sacct for these columns and for the key of the join, which stands in front of each row.
  Result<SacctTable> run(const std::vector<std::string>& selection, SacctLayout layout) const;

  // Cluster and raw job id.
  using Key = std::pair<std::string, std::string>;
  using Runs = std::map<Key, JobRuns>;  // of a job, by restart
  // The jobs among sacct's rows, each once; steps are none.
  static std::vector<Key> jobs_in(const SacctTable& sacct);
  // `each_run`: a row stands for one run of its job (sacct -D), not for all of them.
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
  std::vector<Slot> last_;   // ours behind those
  std::vector<std::string> arguments_;
  bool names_key_ = false;  // a field of the key is among the columns
  bool open_ended_ = false;
  bool long_ = false;  // which sacct does not take beside other fields
};

}  // namespace carbon::scarbon

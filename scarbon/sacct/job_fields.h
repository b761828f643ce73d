// SPDX-License-Identifier: Apache-2.0
// The fields that `scarbon jobs` adds to sacct's, and their values for one row: a job with all its runs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"

namespace carbon::scarbon {

// All runs (restarts) of a job in the ledger, as /v1/jobs returns them; empty: none.
using JobRuns = std::vector<nlohmann::json>;

// The run that ran longest in `when`; null: none ran in it.
const nlohmann::json* run_during(const JobRuns& runs, Interval when);

struct JobField {
  std::string_view name;  // as printed in the header
  int width;              // default, as in padded_cell()
  std::string_view help;  // meaning and unit, one line
  std::string (*value)(const JobRuns& runs);
};

std::span<const JobField> job_fields();
// By name, ignoring case; null for sacct's own fields.
const JobField* find_job_field(std::string_view name);

}  // namespace carbon::scarbon

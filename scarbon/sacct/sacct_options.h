// SPDX-License-Identifier: Apache-2.0
// sacct's options as `scarbon jobs` takes them: with sacct's names and meanings, handed on to sacct.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "scarbon/reports/job_format.h"

namespace carbon::scarbon {

struct SacctOptions {
  std::vector<std::string> selection;  // which rows, and how values are shown: handed on as they are
  std::vector<FormatPart> format;      // -o, -b, -l in the order given
  bool duplicates = false;
};

// `options` outlives the parsing.
void add_sacct_options(CLI::App& app, SacctOptions& options);

}  // namespace carbon::scarbon

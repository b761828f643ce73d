// SPDX-License-Identifier: Apache-2.0
// sacct's options for `scarbon jobs`: same names and meanings, passed on to sacct.
#pragma once

#include <string>
#include <vector>

#include "scarbon/sacct/job_format.h"

namespace CLI {
class App;
}

namespace carbon::scarbon {

struct SacctOptions {
  std::vector<std::string> selection;  // which rows, and how values are shown: passed on unchanged
  std::vector<FormatPart> format;      // -o, -b, -l in the order given
  bool duplicates = false;
};

// `options` must outlive the parsing.
void add_sacct_options(CLI::App& app, SacctOptions& options);

}  // namespace carbon::scarbon

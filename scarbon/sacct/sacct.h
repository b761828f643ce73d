// SPDX-License-Identifier: Apache-2.0
// Slurm's own sacct, run as the user, so that what it shares with `scarbon jobs` is sacct's to the byte and Slurm's own rules say
// which jobs the user sees.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace carbon::scarbon {

// What sacct printed. In a padded table each cell, header included, has the width that sacct gave its column, or more where sacct
// itself lets a number stand out.
struct SacctTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

enum class SacctLayout { kPadded, kParsable };

// What sacct with these arguments prints. Its messages go to our standard error. Errors: it is not there, or it failed.
Result<std::string> sacct_output(const std::vector<std::string>& arguments);
// As a table; `arguments` has no option of layout. Error also: the output is no table.
Result<SacctTable> run_sacct(std::vector<std::string> arguments, SacctLayout layout);

// The two readers of its output. A value may hold a newline.
Result<SacctTable> read_padded(std::string_view output);
Result<SacctTable> read_parsable(std::string_view output);
inline constexpr char kSacctDelimiter = '\x1f';  // a name may hold '|', hardly this

}  // namespace carbon::scarbon

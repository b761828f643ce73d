// SPDX-License-Identifier: Apache-2.0
// Runs Slurm's sacct as the user and parses its output. So `scarbon jobs` prints sacct's columns unchanged, and Slurm's rules
// decide which jobs the user sees.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace carbon::scarbon {

// sacct's output. In a padded table each cell, header included, has its column's width, or more if sacct lets a number overflow.
struct SacctTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

// Makes sacct print times in unix seconds, for sacct_time(): a local time is not told from the one an hour later that has the
// same name. For this process; not where sacct's output is shown.
void use_unix_times();
// A time that is so printed; none for "Unknown", "None" and all else.
std::optional<Instant> sacct_time(const std::string& text);

enum class SacctLayout { kPadded, kParsable };

// The standard output of sacct with these arguments. Its messages go to our standard error. Errors: sacct is missing or failed.
Result<std::string> sacct_output(const std::vector<std::string>& arguments);
// As a table; `arguments` must not choose a layout. Also an error: the output is not a table.
Result<SacctTable> run_sacct(std::vector<std::string> arguments, SacctLayout layout);

// Parsers of sacct's two layouts. A value may contain a newline.
Result<SacctTable> read_padded(std::string_view output);
Result<SacctTable> read_parsable(std::string_view output);
inline constexpr char kSacctDelimiter = '\x1f';  // unlike '|', hardly ever part of a name

}  // namespace carbon::scarbon

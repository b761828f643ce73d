// SPDX-License-Identifier: Apache-2.0
// Slurm's own sacct, run as the user, so that what it shares with `scarbon jobs` is sacct's to the byte and Slurm's own rules say
// which jobs the user sees.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace carbon::scarbon {

// What sacct printed. In a padded table each cell, header included, has the width that sacct gave its column.
struct SacctTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

enum class SacctLayout { kPadded, kParsable };

// Runs sacct with `arguments` (selection options, no format options) for `fields` (sacct's names, "%width" allowed).
// Its messages go to our standard error. Errors: sacct is not there, it failed, or its output is not a table of these fields.
Result<SacctTable> run_sacct(const std::vector<std::string>& arguments, const std::vector<std::string>& fields,
                             SacctLayout layout);

// The two readers of its output; `columns` is the number of fields asked for.
Result<SacctTable> read_padded(const std::string& output, std::size_t columns);
Result<SacctTable> read_parsable(const std::string& output, std::size_t columns);
inline constexpr char kSacctDelimiter = '\x1f';  // a name may hold '|', hardly this

}  // namespace carbon::scarbon

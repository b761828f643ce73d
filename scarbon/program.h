// SPDX-License-Identifier: Apache-2.0
// Runs another program, looked up in PATH, and captures its standard output.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace carbon::scarbon {

enum class StandardError { kShown, kDiscarded };

// The program's standard output. Errors: it cannot be run, is killed, or ends with a nonzero exit code.
Result<std::string> output_of(std::vector<std::string> command, StandardError standard_error = StandardError::kShown);

}  // namespace carbon::scarbon

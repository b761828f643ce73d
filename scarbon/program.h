// SPDX-License-Identifier: Apache-2.0
// Runs another program, found by PATH, and reads what it prints.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace carbon::scarbon {

enum class Complaints { kShown, kHidden };  // what it writes to standard error

// Its standard output; an error where it cannot be run, is killed or ends with another code than 0.
Result<std::string> output_of(std::vector<std::string> command, Complaints complaints = Complaints::kShown);

}  // namespace carbon::scarbon

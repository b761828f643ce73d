// SPDX-License-Identifier: Apache-2.0
// Opens a vendor's library at run time.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace carbon::energy {

// dlopen's handle of the first of `names` (or paths) that can be loaded; it is never closed. The error is that of a library which
// is there but cannot be loaded, if there is one, else that of the first name.
Result<void*> open_shared_library(const std::vector<std::string>& names);

}  // namespace carbon::energy

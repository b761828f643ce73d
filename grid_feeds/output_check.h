// SPDX-License-Identifier: Apache-2.0
// Which steps of a mix of generation to believe. Each code's output is held against that code's own past in the same answer, and
// a missing one is judged for each step by what stands around it, so that one wild value neither passes nor hides another fault.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"
#include "grid_feeds/fuel_mix.h"

namespace carbon::grid_feeds {

// Megawatts per step; none where not given.
using OutputRow = std::vector<std::optional<double>>;

struct CodeOutput {
  OutputRow row;
  bool is_solar = false;  // some providers give no rows at night
};

// All rows have the same steps.
using OutputRows = std::map<std::string, CodeOutput, std::less<>>;

struct OutputFault {
  std::string code;
  std::optional<double> megawatts;  // none: missing
};

// The fault that decides of each step; none where it can be used.
std::vector<std::optional<OutputFault>> check_outputs(const OutputRows& rows, Duration step, const MixBounds& bounds);

}  // namespace carbon::grid_feeds

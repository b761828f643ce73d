// SPDX-License-Identifier: Apache-2.0
// Intensity of grid zones for a replay: a CSV file with `datetime` and a column per zone, in any order, in gCO2e/kWh. Times
// without an offset are UTC.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "core/series.h"

namespace carbon::replay {

// One series per zone, in the order asked for. A row holds until the next one; the last as long as the one before it. An empty
// field is a gap. Errors name file and line, an unknown zone the ones that the file has.
Result<std::vector<IntensitySeries>> read_intensity(const std::string& path, const std::vector<std::string>& zones);

// `series` repeated end to end so that it covers [from, until): the replay's year never ends. Precondition: series not empty.
IntensitySeries wrapped(const IntensitySeries& series, Instant from, Instant until);

}  // namespace carbon::replay

// SPDX-License-Identifier: Apache-2.0
// Validation of readings. Single impossible values are dropped; the fallback chain fills the gap with a value of another origin.
// A reading that is wrong as a whole is refused.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {

inline constexpr double kHighestIntensity = 2500.0;  // g/kWh: old lignite plants emit about 1300

// Returns the reading sorted by time and without impossible values; Reading::left_out says what was dropped. An error if all
// values are zero, if one value is repeated for a day or more, or if no value is left.
Result<Reading> validate(Reading reading, Instant now);

}  // namespace carbon::grid_feeds

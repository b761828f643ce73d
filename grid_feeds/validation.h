// SPDX-License-Identifier: Apache-2.0
// What a reading must be before anything believes it. Single values that cannot be are taken out (a gap remains, which the chain
// fills with something that says so); a reading that is wrong as a whole is refused.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {

inline constexpr double kHighestIntensity = 2500.0;  // g/kWh: old lignite plants stand at about 1300

// The reading in order of time and without its impossible values; Reading::left_out says what was taken out. Refused: values that
// are all zero, one value repeated for a day and more by a provider that measures, nothing left.
Result<Reading> admit(Reading reading, Instant now);

}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
// The times that sacct and sreport take for -S and -E, in the machine's time zone.
#pragma once

#include <string_view>

#include "core/result.h"
#include "core/time.h"

namespace carbon::inline core {

// now[{+|-}count[seconds|minutes|hours|days|weeks]], today, midnight, noon, fika (15:00), teatime (16:00), elevenses (11:00),
// HH:MM[:SS] [AM|PM], MMDD[YY], MM/DD[/YY], MM.DD[.YY], each date also with -HH:MM[:SS], YYYY-MM-DD[THH:MM[:SS]]. Unlike sbatch
// --begin, a time of day is today's, also where it has passed (sacct's manual, section "Time Formats").
Result<Instant> parse_slurm_time(std::string_view text, Instant now);

}  // namespace carbon::inline core

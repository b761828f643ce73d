// SPDX-License-Identifier: Apache-2.0
// UTC instants and durations to the millisecond, and the two notations they are read and written in: ISO 8601 and Slurm's.
// Intervals are always [start, end).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/result.h"

namespace carbon::inline core {

using Duration = std::chrono::milliseconds;
using Instant = std::chrono::sys_time<Duration>;

struct Interval {
  Instant start;
  Instant end;
  Duration length() const { return end - start; }
  bool operator==(const Interval&) const = default;
};

constexpr Instant from_unix_ms(std::int64_t ms) { return Instant(Duration(ms)); }
constexpr std::int64_t unix_ms(Instant t) { return t.time_since_epoch().count(); }
Instant now();

// "2026-11-24T03:10:00Z"; milliseconds are written only where they are not zero.
std::string format_utc(Instant t);
// "2026-11-24T03:10:00" in the machine's time zone, as squeue and sacct print times.
std::string format_local(Instant t);
void append_local(std::string& text, Instant t);
// Accepts YYYY-MM-DD, YYYY-MM-DDThh:mm[:ss[.fff]] and 'T' or ' ' between; then nothing or 'Z' (both UTC) or +hh:mm, -hh:mm.
Result<Instant> parse_utc(std::string_view text);

// Slurm's time syntax: "minutes", "minutes:seconds", "hours:minutes:seconds", "days-hours", "days-hours:minutes",
// "days-hours:minutes:seconds". As in sbatch --time; "UNLIMITED" and the like are not accepted.
Result<Duration> parse_slurm_duration(std::string_view text);
// "[days-]hh:mm:ss", as squeue prints it.
std::string format_slurm_duration(Duration d);

// A number with a unit, for carbon.conf: "250ms", "30s", "5min", "6h", "2d".
Result<Duration> parse_duration(std::string_view text);

}  // namespace carbon::inline core

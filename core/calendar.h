// SPDX-License-Identifier: Apache-2.0
// Days, ISO weeks, months, quarters and years of the UTC calendar.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"

namespace carbon::inline core {

enum class CalendarPeriod : std::uint8_t { kDay, kWeek, kMonth, kQuarter, kYear };
inline constexpr std::string_view kReportPeriods = "day, week, month";
std::optional<CalendarPeriod> parse_calendar_period(std::string_view text);

struct NamedInterval {
  std::string name;  // "2026-11-24", "2026-W48", "2026-11", "2026-Q4", "2026"
  Interval when;
};

// The whole period that contains `t`.
NamedInterval period_at(CalendarPeriod period, Instant t);
// All that overlap `when`, cut to it; at most `most`.
std::vector<NamedInterval> periods_in(CalendarPeriod period, Interval when, std::size_t most);
// How far back a report without a start goes.
Duration default_reach(CalendarPeriod period);

}  // namespace carbon::inline core

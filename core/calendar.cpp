// SPDX-License-Identifier: Apache-2.0
#include "core/calendar.h"

#include <algorithm>
#include <cstdio>

namespace carbon::inline core {
namespace {

using namespace std::chrono;

template <class... Arguments>
std::string text(const char* format, Arguments... arguments) {
  char out[32];
  std::snprintf(out, sizeof out, format, arguments...);
  return out;
}

Interval whole(sys_days from, sys_days to) { return {Instant(from), Instant(to)}; }

NamedInterval months_at(sys_days day, unsigned count) {
  const year_month_day date(day);
  const auto first_month = (static_cast<unsigned>(date.month()) - 1) / count * count + 1;
  const auto first = date.year() / month(first_month);
  const int y = static_cast<int>(date.year());
  const auto name = count == 1   ? text("%04d-%02u", y, first_month)
                    : count == 3 ? text("%04d-Q%u", y, (first_month + 2) / 3)
                                 : text("%04d", y);
  return {name, whole(sys_days(first / 1), sys_days((first + std::chrono::months(static_cast<int>(count))) / 1))};
}

// ISO 8601: week 1 contains the year's first Thursday.
NamedInterval week_at(sys_days day) {
  const auto monday = day - (weekday(day) - Monday);
  const auto y = year_month_day(monday + days(3)).year();
  const auto first_thursday = sys_days(y / January / Thursday[1]);
  const auto number = (monday + days(3) - first_thursday).count() / 7 + 1;
  return {text("%04d-W%02d", static_cast<int>(y), static_cast<int>(number)), whole(monday, monday + days(7))};
}

}  // namespace

std::optional<CalendarPeriod> parse_calendar_period(std::string_view name) {
  if (name == "day") return CalendarPeriod::kDay;
  if (name == "week") return CalendarPeriod::kWeek;
  if (name == "month") return CalendarPeriod::kMonth;
  return std::nullopt;
}

NamedInterval period_at(CalendarPeriod period, Instant t) {
  const auto day = floor<days>(t);
  switch (period) {
    case CalendarPeriod::kDay: return {format_utc(Instant(day)).substr(0, 10), whole(day, day + days(1))};
    case CalendarPeriod::kWeek: return week_at(day);
    case CalendarPeriod::kMonth: return months_at(day, 1);
    case CalendarPeriod::kQuarter: return months_at(day, 3);
    case CalendarPeriod::kYear: return months_at(day, 12);
  }
  return {};
}

std::vector<NamedInterval> periods_in(CalendarPeriod period, Interval when, std::size_t most) {
  std::vector<NamedInterval> out;
  for (auto at = when.start; at < when.end && out.size() < most;) {
    auto next = period_at(period, at);
    at = next.when.end;
    next.when = {std::max(next.when.start, when.start), std::min(next.when.end, when.end)};
    out.push_back(std::move(next));
  }
  return out;
}

Duration default_reach(CalendarPeriod period) {
  return period == CalendarPeriod::kDay ? days(30) : period == CalendarPeriod::kWeek ? days(182) : days(365);
}

}  // namespace carbon::inline core

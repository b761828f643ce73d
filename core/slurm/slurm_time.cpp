// SPDX-License-Identifier: Apache-2.0
#include "core/slurm/slurm_time.h"

#include <array>
#include <cctype>
#include <charconv>
#include <ctime>
#include <optional>
#include <string>

namespace carbon::inline core {
namespace {

std::tm local_time(Instant t) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
  std::tm out{};
  localtime_r(&seconds, &out);
  return out;
}

// mktime would turn 31 February into 3 March: a date that does not come back as it went in is refused.
std::optional<Instant> instant(std::tm wanted) {
  wanted.tm_isdst = -1;
  std::tm got = wanted;
  const std::time_t t = std::mktime(&got);
  if (t == -1 || got.tm_mon != wanted.tm_mon || got.tm_mday != wanted.tm_mday || got.tm_year != wanted.tm_year)
    return std::nullopt;
  return Instant(std::chrono::seconds(t));
}

std::tm at_hour(std::tm day, int hour) {
  day.tm_hour = hour;
  day.tm_min = day.tm_sec = 0;
  return day;
}

std::optional<int> number(std::string_view text) {
  int n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || ec != std::errc{} || end != text.data() + text.size() || n < 0) return std::nullopt;
  return n;
}

// "HH:MM[:SS]" with "AM" or "PM" behind it or not.
bool set_clock(std::string_view text, std::tm& out) {
  int pm = -1;
  if (text.size() > 2 && (text.ends_with("am") || text.ends_with("pm"))) {
    pm = text.ends_with("pm") ? 1 : 0;
    text.remove_suffix(2);
    while (text.ends_with(' ')) text.remove_suffix(1);
  }
  std::array<int, 3> part{};
  std::size_t n = 0;
  for (;; ++n) {
    const auto colon = text.find(':');
    const auto value = number(text.substr(0, colon));
    if (!value || n == 3) return false;
    part[n] = *value;
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
  }
  if (n == 0 || part[0] > 23 || part[1] > 59 || part[2] > 59 || (pm >= 0 && (part[0] < 1 || part[0] > 12))) return false;
  if (pm >= 0) part[0] = part[0] % 12 + 12 * pm;
  out.tm_hour = part[0];
  out.tm_min = part[1];
  out.tm_sec = part[2];
  return true;
}

// "YYYY-MM-DD", "MMDD[YY]", "MM/DD[/YY]", "MM.DD[.YY]"; the year stays where none is given.
bool set_date(std::string_view text, std::tm& out) {
  std::optional<int> year, month, day;
  if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
    year = number(text.substr(0, 4));
    month = number(text.substr(5, 2));
    day = number(text.substr(8, 2));
    if (!year) return false;
    out.tm_year = *year - 1900;
  } else {
    std::string digits;
    for (const char c : text) {
      if (c >= '0' && c <= '9') {
        digits += c;
      } else if ((c != '/' && c != '.') || digits.size() % 2 != 0) {
        return false;
      }
    }
    if (digits.size() != 4 && digits.size() != 6) return false;
    month = number(digits.substr(0, 2));
    day = number(digits.substr(2, 2));
    if (digits.size() == 6) out.tm_year = *number(digits.substr(4, 2)) + 100;
  }
  if (!month || !day || *month < 1 || *month > 12 || *day < 1 || *day > 31) return false;
  out.tm_mon = *month - 1;
  out.tm_mday = *day;
  return true;
}

std::optional<Instant> relative(std::string_view text, Instant now) {
  const auto whole = Instant(std::chrono::floor<std::chrono::seconds>(now));
  if (text.empty()) return whole;
  const int sign = text.front() == '+' ? 1 : text.front() == '-' ? -1 : 0;
  if (sign == 0) return std::nullopt;
  text.remove_prefix(1);
  std::size_t digits = 0;
  while (digits < text.size() && std::isdigit(static_cast<unsigned char>(text[digits])) != 0) ++digits;
  const auto count = number(text.substr(0, digits));
  const auto unit = text.substr(digits);
  if (!count) return std::nullopt;
  // Any beginning of the unit's name will do, as in Slurm ("now-7d", "now-7days").
  for (const auto& [name, seconds] :
       {std::pair<std::string_view, long>{"seconds", 1}, {"minutes", 60}, {"hours", 3600}, {"days", 86400}, {"weeks", 604800}}) {
    if (name.starts_with(unit)) return whole + sign * std::chrono::seconds(seconds) * *count;
  }
  return std::nullopt;
}

std::optional<Instant> parse_lower_case(std::string_view text, Instant now) {
  std::tm day = at_hour(local_time(now), 0);
  if (text.starts_with("now")) return relative(text.substr(3), now);
  for (const auto& [name, hour] : {std::pair<std::string_view, int>{"today", 0},
                                   {"midnight", 0},
                                   {"elevenses", 11},
                                   {"noon", 12},
                                   {"fika", 15},
                                   {"teatime", 16}}) {
    if (text == name) return instant(at_hour(day, hour));
  }
  if (set_clock(text, day)) return instant(day);
  const bool iso = text.size() >= 10 && text[4] == '-';
  const auto cut = iso ? (text.size() > 10 ? 10 : std::string_view::npos) : text.find('-');
  if (!set_date(text.substr(0, cut), day)) return std::nullopt;
  if (cut == std::string_view::npos) return instant(day);
  if (iso && text[cut] != 't' && text[cut] != ' ') return std::nullopt;
  if (!set_clock(text.substr(cut + 1), day)) return std::nullopt;
  return instant(day);
}

}  // namespace

Result<Instant> parse_slurm_time(std::string_view text, Instant now) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (const auto t = parse_lower_case(lower, now)) return *t;
  return Error{
      "'" + std::string(text) +
      "' is not a time; accepted: YYYY-MM-DD[THH:MM[:SS]], MMDD[YY], MM/DD[/YY][-HH:MM[:SS]], HH:MM[:SS] [AM|PM], today, "
      "midnight, noon, fika, teatime, now[{+|-}count[seconds|minutes|hours|days|weeks]]"};
}

}  // namespace carbon::inline core

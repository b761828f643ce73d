// SPDX-License-Identifier: Apache-2.0
#include "core/time.h"

#include <date/date.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <optional>
#include <vector>

namespace carbon::inline core {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

// Reads exactly `digits` decimal digits from the front of `text` and removes them; none if there are fewer.
std::optional<int> read_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + digits, value);
  if (ec != std::errc{} || end != text.data() + digits || text[0] == '-') return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool skip(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Duration> read_fraction(std::string_view& text) {
  int ms = 0, scale = 100;
  std::size_t n = 0;
  for (; n < text.size() && text[n] >= '0' && text[n] <= '9'; ++n, scale /= 10) ms += (text[n] - '0') * scale;
  if (n == 0) return std::nullopt;
  text.remove_prefix(n);
  return Duration(ms);
}

std::optional<Duration> read_offset(std::string_view& text) {
  if (text.empty() || skip(text, 'Z')) return Duration::zero();
  const int sign = text.front() == '-' ? -1 : 1;
  if (!skip(text, '+') && !skip(text, '-')) return std::nullopt;
  const auto h = read_digits(text, 2);
  skip(text, ':');
  const auto m = text.empty() ? std::optional<int>(0) : read_digits(text, 2);
  if (!h || !m || *h > 14 || *m > 59) return std::nullopt;
  return sign * (Duration(hours(*h)) + Duration(minutes(*m)));
}

std::optional<Instant> parse(std::string_view text) {
  const auto year = read_digits(text, 4);
  if (!year || !skip(text, '-')) return std::nullopt;
  const auto month = read_digits(text, 2);
  if (!month || !skip(text, '-')) return std::nullopt;
  const auto day = read_digits(text, 2);
  if (!day) return std::nullopt;
  const auto ymd = date::year(*year) / date::month(static_cast<unsigned>(*month)) / date::day(static_cast<unsigned>(*day));
  if (!ymd.ok()) return std::nullopt;
  Instant t = date::sys_days(ymd);
  if (text.empty()) return t;
  if (!skip(text, 'T') && !skip(text, ' ')) return std::nullopt;
  const auto h = read_digits(text, 2);
  if (!h || !skip(text, ':')) return std::nullopt;
  const auto m = read_digits(text, 2);
  if (!m || *h > 24 || *m > 59) return std::nullopt;
  t += hours(*h) + minutes(*m);
  if (skip(text, ':')) {
    const auto s = read_digits(text, 2);
    if (!s || *s > 60) return std::nullopt;
    t += std::chrono::seconds(*s);
    if (skip(text, '.')) {
      const auto ms = read_fraction(text);
      if (!ms) return std::nullopt;
      t += *ms;
    }
  }
  const auto offset = read_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return t - *offset;
}

std::optional<long> number(std::string_view text) {
  long value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size() || value < 0 || value > 100'000'000) return std::nullopt;
  return value;
}

std::optional<std::vector<long>> numbers(std::string_view text, char separator) {
  std::vector<long> out;
  for (;;) {
    const auto at = text.find(separator);
    const auto n = number(text.substr(0, at));
    if (!n) return std::nullopt;
    out.push_back(*n);
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

void put_two_digits(char* at, int value) {
  at[0] = static_cast<char>('0' + value / 10);
  at[1] = static_cast<char>('0' + value % 10);
}

// As `split`, gmtime_r or localtime_r, has it; without what is below a second. Not by a stream: its locales would be most of what
// slurmctld loads with the plugin.
void append_time(std::string& text, Instant instant, std::tm* (*split)(const std::time_t*, std::tm*)) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(instant).time_since_epoch().count();
  std::tm t{};
  split(&seconds, &t);
  const int year = std::clamp(t.tm_year + 1900, 0, 9999);
  const auto at = text.size();
  text += "0000-00-00T00:00:00";
  char* const digits = text.data() + at;
  put_two_digits(digits, year / 100);
  put_two_digits(digits + 2, year % 100);
  put_two_digits(digits + 5, t.tm_mon + 1);
  put_two_digits(digits + 8, t.tm_mday);
  put_two_digits(digits + 11, t.tm_hour);
  put_two_digits(digits + 14, t.tm_min);
  put_two_digits(digits + 17, t.tm_sec);
}

}  // namespace

Instant now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

std::string format_utc(Instant t) {
  std::string text;
  append_time(text, t, gmtime_r);
  if (const auto ms = static_cast<int>((t - std::chrono::floor<std::chrono::seconds>(t)).count()); ms != 0) {
    text += '.';
    text += static_cast<char>('0' + ms / 100);
    text.append(2, '0');
    put_two_digits(&text[text.size() - 2], ms % 100);
  }
  return text += 'Z';
}

void append_local(std::string& text, Instant t) { append_time(text, t, localtime_r); }

std::string format_local(Instant t) {
  std::string text;
  append_local(text, t);
  return text;
}

Result<Instant> parse_utc(std::string_view text) {
  if (const auto t = parse(text)) return *t;
  return Error{"'" + std::string(text) + "' is not a time; accepted: YYYY-MM-DD[Thh:mm[:ss[.fff]]][Z|+hh:mm|-hh:mm]"};
}

Result<Duration> parse_slurm_duration(std::string_view text) {
  const Error bad{"'" + std::string(text) +
                  "' is not a time; accepted: minutes, minutes:seconds, hours:minutes:seconds, days-hours, "
                  "days-hours:minutes, days-hours:minutes:seconds"};
  const auto dash = text.find('-');
  if (dash != std::string_view::npos) {
    const auto d = number(text.substr(0, dash));
    const auto rest = numbers(text.substr(dash + 1), ':');
    if (!d || !rest || rest->size() > 3) return bad;
    std::array<long, 3> hms{};
    for (std::size_t i = 0; i < rest->size(); ++i) hms[i] = (*rest)[i];
    return Duration(days(*d)) + hours(hms[0]) + minutes(hms[1]) + std::chrono::seconds(hms[2]);
  }
  const auto parts = numbers(text, ':');
  if (!parts || parts->size() > 3) return bad;
  if (parts->size() == 1) return Duration(minutes((*parts)[0]));
  if (parts->size() == 2) return Duration(minutes((*parts)[0])) + std::chrono::seconds((*parts)[1]);
  return Duration(hours((*parts)[0])) + minutes((*parts)[1]) + std::chrono::seconds((*parts)[2]);
}

std::string format_slurm_duration(Duration d) {
  const auto total = std::chrono::floor<std::chrono::seconds>(d).count();
  std::array<char, 48> text{};
  const long long day = total / 86400, h = total / 3600 % 24, m = total / 60 % 60, s = total % 60;
  if (day > 0) {
    std::snprintf(text.data(), text.size(), "%lld-%02lld:%02lld:%02lld", day, h, m, s);
  } else {
    std::snprintf(text.data(), text.size(), "%02lld:%02lld:%02lld", h, m, s);
  }
  return text.data();
}

Result<Duration> parse_duration(std::string_view text) {
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const double ms = unit == "ms" ? 1 : unit == "s" ? 1e3 : unit == "min" ? 6e4 : unit == "h" ? 3.6e6 : unit == "d" ? 8.64e7 : 0;
  if (ec != std::errc{} || ms == 0 || !std::isfinite(value) || value < 0 || value * ms > 3.2e14) {
    return Error{"'" + std::string(text) + "' is not a duration; accepted: a number and ms, s, min, h or d, such as 5min"};
  }
  return Duration(std::llround(value * ms));
}

}  // namespace carbon::inline core

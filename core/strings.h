// SPDX-License-Identifier: Apache-2.0
// Small functions on text that every room needs. ASCII alone: what Slurm and configuration files write.
#pragma once

#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

namespace carbon::inline core {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
std::string lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);

// Without blanks, tabs and line ends on both sides.
std::string_view trimmed(std::string_view text);

// One digit or more, and nothing else.
bool is_digits(std::string_view text);

// The whole text as a number; none where it is anything else, out of range, or not finite. No sign, blank or suffix is accepted
// beyond what std::from_chars takes.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  return value;
}

// The parts between separators, empty ones included: "a,,b" has three, "" has one.
std::vector<std::string_view> split(std::string_view text, char separator);

// "a, b and c" is the caller's: this only puts `separator` between the parts.
template <class Parts>
std::string joined(const Parts& parts, std::string_view separator = ", ") {
  std::string out;
  bool first = true;
  for (const auto& part : parts) {
    if (!first) out += separator;
    out += part;
    first = false;
  }
  return out;
}

}  // namespace carbon::inline core

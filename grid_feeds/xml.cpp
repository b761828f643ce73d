// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/xml.h"

#include <charconv>
#include <cmath>

namespace carbon::feeds {

Status parse_xml(std::string_view body, pugi::xml_document& document) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return Error{"the answer is empty"};
  // The encoding line has been seen to be wrong (ISO-8859-1 over UTF-8); all that is read here is ASCII.
  const auto parsed = document.load_buffer(body.data(), body.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) return Error{std::string("the answer is not XML: ") + parsed.description()};
  return Done{};
}

std::optional<double> number(const pugi::xml_node& node) {
  const std::string_view digits = node.child_value();
  double value = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || ec != std::errc{} || end != digits.data() + digits.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<Instant> time(const pugi::xml_node& node) {
  const auto parsed = parse_utc(node.child_value());
  return parsed ? std::optional(*parsed) : std::nullopt;
}

}  // namespace carbon::feeds

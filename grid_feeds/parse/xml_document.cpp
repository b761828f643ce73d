// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/parse/xml_document.h"

#include "core/strings.h"

namespace carbon::grid_feeds {
namespace {

// Length of the UTF-8 sequence that begins with `lead`; 0 where none does.
int sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const int length = sequence_length(static_cast<unsigned char>(text[i++]));
    if (length == 0) return false;
    for (int rest = 1; rest < length; ++rest, ++i) {
      if (i == text.size() || (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return false;
    }
  }
  return true;
}

}  // namespace

Status parse_xml(std::string_view body, pugi::xml_document& document) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return Error{"the answer is empty"};
  if (!is_utf8(body)) return Error{"the answer is not UTF-8: it is damaged"};
  // Some documents declare a wrong encoding (ISO-8859-1, but written in UTF-8); all fields read here are ASCII.
  const auto parsed = document.load_buffer(body.data(), body.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) return Error{std::string("the answer is not XML: ") + parsed.description()};
  return Done{};
}

std::optional<double> number(const pugi::xml_node& node) { return parse_number<double>(node.child_value()); }

std::optional<Instant> time(const pugi::xml_node& node) {
  const auto parsed = parse_utc(node.child_value());
  return parsed ? std::optional(*parsed) : std::nullopt;
}

}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/parse/json_fields.h"

#include <cmath>

#include "core/strings.h"

namespace carbon::grid_feeds {
namespace {

const Json kNull;
const Json kNoElements = Json::array();

}  // namespace

Result<Json> parse_json(std::string_view body) {
  const auto first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return Error{"the answer is empty"};
  if (body[first] == '<') return Error{"the answer is a page of HTML or XML and not JSON"};
  auto parsed = Json::parse(body, nullptr, false);
  if (parsed.is_discarded()) return Error{"the answer is not valid JSON: it is damaged or truncated"};
  return parsed;
}

const Json& at(const Json& object, std::string_view key) {
  if (!object.is_object()) return kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

const Json& elements(const Json& value) { return value.is_array() ? value : kNoElements; }

std::optional<double> number(const Json& value) {
  if (!value.is_number()) return std::nullopt;
  const auto x = value.get<double>();
  return std::isfinite(x) ? std::optional(x) : std::nullopt;
}

std::optional<double> number_or_digits(const Json& value) {
  if (!value.is_string()) return number(value);
  return parse_number<double>(value.get_ref<const std::string&>());
}

std::optional<std::string> text(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  return value.get<std::string>();
}

std::optional<Instant> time(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  const auto parsed = parse_utc(value.get_ref<const std::string&>());
  return parsed ? std::optional(*parsed) : std::nullopt;
}

}  // namespace carbon::grid_feeds

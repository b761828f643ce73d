// SPDX-License-Identifier: Apache-2.0
// Reading a provider's JSON without trust: whatever is not there or of another type is "none", never an exception.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"

namespace carbon::grid_feeds {

using Json = nlohmann::json;

// An error says what the body is instead: empty, an HTML page, no JSON from which byte on.
Result<Json> parse_json(std::string_view body);

// Member `key` of an object; a null Json where `object` is none or has no such member.
const Json& at(const Json& object, std::string_view key);
// The elements of an array; an empty array where `value` is none.
const Json& elements(const Json& value);

std::optional<double> number(const Json& value);            // a finite number; null is none, and so is a text
std::optional<double> number_or_digits(const Json& value);  // also a text that holds a number
std::optional<std::string> text(const Json& value);
std::optional<Instant> time(const Json& value);  // a text as parse_utc reads it

}  // namespace carbon::grid_feeds

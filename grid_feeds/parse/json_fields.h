// SPDX-License-Identifier: Apache-2.0
// Accessors for untrusted JSON: a member that is missing or of another type is "none", never an exception.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"

namespace carbon::grid_feeds {

using Json = nlohmann::json;

// An error says what the body is instead: empty, an HTML page, or damaged.
Result<Json> parse_json(std::string_view body);

// Member `key` of an object; null if `object` is not an object or has no such member.
const Json& at(const Json& object, std::string_view key);
// `value` if it is an array, else an empty array.
const Json& elements(const Json& value);

std::optional<double> number(const Json& value);            // a finite number; not a string
std::optional<double> number_or_digits(const Json& value);  // also a string that contains a number
std::optional<std::string> text(const Json& value);
std::optional<Instant> time(const Json& value);  // a string in a format of parse_utc

}  // namespace carbon::grid_feeds

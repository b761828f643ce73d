// SPDX-License-Identifier: Apache-2.0
// Addresses with a query, and the two other encodings that providers ask for.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace carbon::feeds {

// Percent-encoded but for letters, digits and "-._~" (RFC 3986).
std::string percent_encoded(std::string_view text);
// `base` with "?a=b&c=d"; values are encoded, names stand as they are.
std::string with_query(std::string base, std::initializer_list<std::pair<std::string_view, std::string_view>> parameters);
// RFC 4648, for HTTP Basic.
std::string base64(std::string_view text);

}  // namespace carbon::feeds

// SPDX-License-Identifier: Apache-2.0
// Builds the query part of a URL.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carbon::net {

// Escapes all but letters, digits and "-._~", as in "%2C" (RFC 3986).
std::string percent_encoded(std::string_view text);

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// "?jobs=1%2C2&user=ada", percent-encoded (RFC 3986); "" without parameters.
std::string query_string(const QueryParameters& parameters);

}  // namespace carbon::net

// SPDX-License-Identifier: Apache-2.0
// The query part of a URL.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carbon::net {

// All but letters, digits and "-._~" as "%2C" (RFC 3986).
std::string percent_encoded(std::string_view text);

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// "?jobs=1%2C2&user=ada", percent-encoded as RFC 3986 wants it; "" without parameters.
std::string query_string(const QueryParameters& parameters);

}  // namespace carbon::net

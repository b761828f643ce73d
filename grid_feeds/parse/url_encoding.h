// SPDX-License-Identifier: Apache-2.0
// URLs with a query string, and base64.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace carbon::grid_feeds {

// `base` with "?a=b&c=d". Values are percent-encoded, names are not.
std::string with_query(std::string base, std::initializer_list<std::pair<std::string_view, std::string_view>> parameters);
// RFC 4648, for HTTP Basic.
std::string base64(std::string_view text);

}  // namespace carbon::grid_feeds

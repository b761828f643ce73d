// SPDX-License-Identifier: Apache-2.0
// Reading a provider's XML without trust.
#pragma once

#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"

namespace carbon::grid_feeds {

// An error says what the body is instead.
Status parse_xml(std::string_view body, pugi::xml_document& document);

std::optional<double> number(const pugi::xml_node& node);  // none where the node is absent, empty or not a finite number
std::optional<Instant> time(const pugi::xml_node& node);

}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
// Accessors for untrusted XML.
#pragma once

#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"

namespace carbon::grid_feeds {

// An error says what the body is instead: empty, damaged, or not XML.
Status parse_xml(std::string_view body, pugi::xml_document& document);

std::optional<double> number(const pugi::xml_node& node);  // none if the node is missing, empty or not a finite number
std::optional<Instant> time(const pugi::xml_node& node);

}  // namespace carbon::grid_feeds

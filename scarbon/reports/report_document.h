// SPDX-License-Identifier: Apache-2.0
// scarbon report --html: fetches the figures of one period and embeds them in the web page's report (web/report_page.h).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/result.h"
#include "net/query.h"

namespace carbon::scarbon {

class Controller;

// The HTML of one self-contained page. `query`: start, end and filters as of /v1/report; the last 30 days by default.
// Errors: those of Controller::get.
Result<std::string> report_document(Controller& controller, const net::QueryParameters& query);

// Pure: the page of `report`, which has `days`, `users`, `accounts`, `sites` (/v1/report by each), `intensity` (/v1/intensity),
// `jobs` (/v1/jobs), `filters` ([[name, value], ...]), `created`, `language` and `equivalents` (texts).
std::string report_document(const nlohmann::json& report);

}  // namespace carbon::scarbon

// SPDX-License-Identifier: Apache-2.0
// scarbon report --html: one page that needs nothing else, without script: drawings are SVG, each with a table beside it.
#pragma once

#include <string>

#include "core/result.h"
#include "net/query.h"
#include "scarbon/controller_client.h"

namespace carbon::scarbon {

// `window`: start, end and filters as of /v1/report; without a start the last 30 days.
Result<std::string> html_report(Controller& controller, const net::QueryParameters& window);

// The answers that a page is made of.
struct HtmlData {
  nlohmann::json days, users, sites, intensity, jobs;  // /v1/report by day, user, site; /v1/intensity; /v1/jobs
};
// Pure; `made`: when.
std::string html_page(const HtmlData& data, const std::string& made);

}  // namespace carbon::scarbon

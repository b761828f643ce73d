// SPDX-License-Identifier: Apache-2.0
// A self-contained HTML page for one report: the web page's style, charts and tables with the report's data embedded.
#pragma once

#include <string>
#include <string_view>

namespace carbon::web {

// Pure. `report`: the data as JSON, as page/report_page.js reads it. `translations`: a JSON object from English texts to those of
// the page's language. No text in them can end the script element that holds it.
std::string report_page(std::string_view report, std::string_view translations);

}  // namespace carbon::web

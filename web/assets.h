// SPDX-License-Identifier: Apache-2.0
// The web page's files, embedded in the program: nothing to install and nothing to read at run time.
#pragma once

#include <string_view>

namespace carbon::web {

struct Asset {
  std::string_view path;  // "/web/page.js"; "/" is index.html; "report/report.html": not for HTTP, see report_page.h
  std::string_view type;
  std::string_view content;
};

// Null: no such file.
const Asset* find_asset(std::string_view path);

}  // namespace carbon::web

// SPDX-License-Identifier: Apache-2.0
// The files of the web page, as they are in the program itself: nothing to install beside it, nothing read at run time.
#pragma once

#include <string_view>

namespace carbon::web {

struct Asset {
  std::string_view path;  // "/web/page.js"; "/" is the page
  std::string_view type;
  std::string_view content;
};

// Null: no such file.
const Asset* find_asset(std::string_view path);

}  // namespace carbon::web

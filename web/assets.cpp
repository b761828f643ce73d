// SPDX-License-Identifier: Apache-2.0
#include "web/assets.h"

#include <algorithm>
#include <array>

extern "C" {
#include "files.inc"
}

namespace carbon::web {

const Asset* find_asset(std::string_view path) {
#define ROW(where, type, symbol) Asset{where, type, {symbol, static_cast<std::size_t>(symbol##_end - symbol)}},
  static const auto kAssets = std::to_array<Asset>({
#include "files.inc"
  });
#undef ROW
  const auto* const found = std::find_if(kAssets.begin(), kAssets.end(), [path](const auto& a) { return a.path == path; });
  return found == kAssets.end() ? nullptr : &*found;
}

}  // namespace carbon::web

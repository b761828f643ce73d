// SPDX-License-Identifier: Apache-2.0
#include "ledger/rows/dimension.h"

#include <array>
#include <string>

namespace carbon::ledger {
namespace {

struct Names {
  std::string_view name;
  const char* column;
};
// In the order of Dimension.
constexpr std::array<Names, 8> kNames{{{"user", "user_name"},
                                       {"account", "account"},
                                       {"partition", "part"},
                                       {"site", "site"},
                                       {"cluster", "cluster"},
                                       {"qos", "qos"},
                                       {"wckey", "wckey"},
                                       {"state", "state"}}};
const Names& names_of(Dimension dimension) { return kNames[static_cast<std::size_t>(dimension)]; }

}  // namespace

std::string_view to_string(Dimension dimension) { return names_of(dimension).name; }
const char* column_of(Dimension dimension) { return names_of(dimension).column; }

Result<Dimension> parse_dimension(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (text == kNames[i].name) return static_cast<Dimension>(i);
  }
  return Error{"by = '" + std::string(text) + "'; accepted: " + std::string(kDimensions)};
}

}  // namespace carbon::ledger

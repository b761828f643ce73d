// SPDX-License-Identifier: Apache-2.0
#include "core/job.h"

#include <array>

namespace carbon {
namespace {
constexpr std::array<std::pair<CarbonMode, std::string_view>, 4> kNames{
    {{CarbonMode::kOff, "off"}, {CarbonMode::kDefer, "defer"}, {CarbonMode::kRelocate, "relocate"}, {CarbonMode::kAuto, "auto"}}};
}

std::string_view to_string(CarbonMode mode) {
  for (const auto& [m, name] : kNames) {
    if (m == mode) return name;
  }
  return "off";
}

Result<CarbonMode> parse_carbon_mode(std::string_view text) {
  for (const auto& [m, name] : kNames) {
    if (name == text) return m;
  }
  return Error{"'" + std::string(text) + "' is not a carbon mode; accepted: " + std::string(kCarbonModes)};
}

}  // namespace carbon

// SPDX-License-Identifier: Apache-2.0
#include "core/slurm/job.h"

#include <array>
#include <charconv>

namespace carbon::inline core {
namespace {
constexpr std::array<std::pair<CarbonMode, std::string_view>, 5> kNames{{{CarbonMode::kOff, "off"},
                                                                         {CarbonMode::kDefer, "defer"},
                                                                         {CarbonMode::kRelocate, "relocate"},
                                                                         {CarbonMode::kInterrupt, "interrupt"},
                                                                         {CarbonMode::kAuto, "auto"}}};
constexpr double kMostGb = 1e9;
}  // namespace

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

Result<double> parse_data_gb(std::string_view text) {
  double gb = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), gb, std::chars_format::fixed);
  if (ec == std::errc{} && end == text.data() + text.size() && gb >= 0 && gb <= kMostGb) return gb;
  return Error{"'" + std::string(text) + "' is not an amount of data; accepted: gigabytes, such as 12 or 0.5"};
}

}  // namespace carbon::inline core

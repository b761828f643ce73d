// SPDX-License-Identifier: Apache-2.0
// The method of an energy measurement, from best to worst: a hardware counter, power integrated over time, a rated power. Records
// have the names and the ledger has the numbers: neither may change.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/result.h"

namespace carbon::inline core {

enum class Method : std::uint8_t { kCounter, kIntegrated, kEstimated };

inline constexpr std::string_view kMethods = "counter, integrated, estimated";
std::string_view to_string(Method method);
// The error continues a field's name: "= 'x'; accepted: ...".
Result<Method> parse_method(std::string_view text);

}  // namespace carbon::inline core

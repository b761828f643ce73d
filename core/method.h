// SPDX-License-Identifier: Apache-2.0
// How joules were obtained, from best to worst: from a hardware counter, from power integrated over time, from a rated power. The
// one vocabulary of meters, records and reports; the order and the numbers stand in files and in the ledger.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/result.h"

namespace carbon::inline core {

enum class Method : std::uint8_t { kCounter, kIntegrated, kEstimated };

inline constexpr std::string_view kMethods = "counter, integrated, estimated";
std::string_view to_string(Method method);
// The error reads on behind the name of a field: "= 'x'; accepted: ...".
Result<Method> parse_method(std::string_view text);

}  // namespace carbon::inline core

// SPDX-License-Identifier: Apache-2.0
#include "core/method.h"

namespace carbon::inline core {

std::string_view to_string(Method method) {
  switch (method) {
    case Method::kCounter: return "counter";
    case Method::kIntegrated: return "integrated";
    case Method::kEstimated: return "estimated";
  }
  return "unknown";
}

Result<Method> parse_method(std::string_view text) {
  for (const auto m : {Method::kCounter, Method::kIntegrated, Method::kEstimated}) {
    if (text == to_string(m)) return m;
  }
  return Error{"= '" + std::string(text) + "'; accepted: " + std::string(kMethods)};
}

}  // namespace carbon::inline core

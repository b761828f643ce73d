// SPDX-License-Identifier: Apache-2.0
// Helpers of the JSON views.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace carbon::carbonctld {

// Names from Slurm may not be valid UTF-8.
inline std::string text_of(const nlohmann::json& j) { return j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

template <class T, class F>
nlohmann::json maybe(const std::optional<T>& value, F f) {
  return value ? nlohmann::json(f(*value)) : nlohmann::json();
}

inline nlohmann::json when_known(bool known, double value) { return known ? nlohmann::json(value) : nlohmann::json(); }

}  // namespace carbon::carbonctld

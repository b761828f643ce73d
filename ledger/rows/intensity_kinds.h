// SPDX-License-Identifier: Apache-2.0
// Kinds of intensity as whole numbers: one kind in a row of intensities, a set of kinds in a row of jobs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/series.h"

namespace carbon::ledger {

// The number of a kind; kUnknownKind for values stored before kinds were.
inline constexpr int kUnknownKind = 8;
constexpr int number_of(const std::optional<SeriesKind>& kind) {
  if (!kind) return kUnknownKind;
  return static_cast<int>(kind->signal) + 2 * static_cast<int>(kind->emissions) + 4 * static_cast<int>(kind->boundary);
}
constexpr std::optional<SeriesKind> kind_of(long long number) {
  if (number < 0 || number >= kUnknownKind) return std::nullopt;
  return SeriesKind{static_cast<Signal>(number % 2), static_cast<Emissions>(number / 2 % 2), static_cast<Boundary>(number / 4)};
}

// A set has bit i for the kind of number i.
constexpr std::int64_t set_of(const std::optional<SeriesKind>& kind) { return std::int64_t{1} << number_of(kind); }
// "average lifecycle consumption"; several are joined by '+', an unknown one is "unknown".
std::string kinds_text(std::int64_t set);

}  // namespace carbon::ledger

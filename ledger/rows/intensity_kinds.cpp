// SPDX-License-Identifier: Apache-2.0
#include "ledger/rows/intensity_kinds.h"

namespace carbon::ledger {
namespace {

std::string text_of(const std::optional<SeriesKind>& kind) {
  if (!kind) return "unknown";
  std::string out(to_string(kind->signal));
  out.append(" ").append(to_string(kind->emissions)).append(" ").append(to_string(kind->boundary));
  return out;
}

}  // namespace

std::string kinds_text(std::int64_t set) {
  std::string out;
  for (int number = 0; number <= kUnknownKind; ++number) {
    if ((set >> number & 1) != 0) out += (out.empty() ? "" : "+") + text_of(kind_of(number));
  }
  return out;
}

}  // namespace carbon::ledger

// SPDX-License-Identifier: Apache-2.0
#include "ledger/rows/job_emissions.h"

namespace carbon::ledger {

double JobRow::coverage() const {
  return energy_mj == 0 ? 1.0 : static_cast<double>(covered_mj) / static_cast<double>(energy_mj);
}

std::optional<std::int64_t> JobRow::saved_ug() const {
  if (!details.decided() || !counterfactual_ug || !method || covered_mj < energy_mj) return std::nullopt;
  return *counterfactual_ug - co2e_ug;
}

std::string cut(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  const auto continues = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
  while (bytes > 0 && continues(bytes)) --bytes;
  text.resize(bytes);
  return text;
}

}  // namespace carbon::ledger

// SPDX-License-Identifier: Apache-2.0
#include "ledger/rows/job_emissions.h"

#include <algorithm>
#include <string_view>

namespace carbon::ledger {
namespace {

// The length of the UTF-8 character at the front of `text`; 0: there is none. No surrogates, and no longer form than needed.
std::size_t character_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  return byte(1) >= low && byte(1) <= high ? length : 0;
}

}  // namespace

double JobRow::coverage() const {
  return energy_mj == 0 ? 1.0 : static_cast<double>(covered_mj) / static_cast<double>(energy_mj);
}

std::optional<std::int64_t> JobRow::saved_ug() const {
  if (!counterfactual_ug) return std::nullopt;
  return *counterfactual_ug - co2e_ug;
}

std::string valid_utf8(std::string text) {
  std::string out;
  bool valid = true;
  for (std::string_view rest(text); !rest.empty();) {
    const auto length = character_at(rest);
    valid = valid && length > 0;
    length > 0 ? out.append(rest.substr(0, length)) : out.append("\xEF\xBF\xBD");
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return valid ? std::move(text) : out;
}

std::string cut(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  const auto continues = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
  while (bytes > 0 && continues(bytes)) --bytes;
  text.resize(bytes);
  return text;
}

}  // namespace carbon::ledger

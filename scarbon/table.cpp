// SPDX-License-Identifier: Apache-2.0
#include "scarbon/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace carbon::scarbon {

std::string padded_cell(const std::string& text, int width) {
  const auto room = static_cast<std::size_t>(std::abs(width));
  if (text.size() > room) return text.substr(0, room - 1) + '+';
  const std::string padding(room - text.size(), ' ');
  return width < 0 ? text + padding : padding + text;
}

std::string print_table(const Table& table, const TableStyle& style) {
  const bool padded = style.layout == TableLayout::kPadded;
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (padded) {
        out += padded_cell(cells[i], table.widths[i]) + ' ';
      } else {
        out += cells[i];
        if (style.layout == TableLayout::kParsable || i + 1 < cells.size()) out += style.delimiter;
      }
    }
    out += '\n';
  };
  if (style.header) {
    line(table.header);
    if (padded) {
      for (const int width : table.widths) out += std::string(static_cast<std::size_t>(std::abs(width)), '-') + ' ';
      out += '\n';
    }
  }
  for (const auto& row : table.rows) line(row);
  return out;
}

std::string figure(std::optional<double> value) {
  if (!value) return "";
  const double size = std::abs(*value);
  if (size == 0) return "0";
  const int leading = static_cast<int>(std::floor(std::log10(size)));  // place of the first digit
  return fmt::format("{:.{}f}", *value, std::clamp(3 - leading, 0, 9));
}

std::string percent(std::optional<double> share) { return share ? fmt::format("{:.1f}", 100.0 * *share) : ""; }

}  // namespace carbon::scarbon

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

namespace {

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

// As in sacct, a number that is longer than its column overflows: without its last digits it would be another number.
std::string cell_of(const std::string& text, int width) {
  if (width == kAsItIs) return text;
  const bool long_number =
      text.size() > static_cast<std::size_t>(std::abs(width)) && text.find_first_not_of("0123456789") == std::string::npos;
  return long_number ? text : padded_cell(text, width);
}

}  // namespace

std::string print_table(const Table& table, const TableStyle& style) {
  const bool padded = style.layout == TableLayout::kPadded;
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (padded) {
        out += cell_of(cells[i], table.widths[i]) + ' ';
      } else if (style.layout == TableLayout::kCsv) {
        out += csv_cell(cells[i]) + (i + 1 < cells.size() ? "," : "");
      } else {
        out += cells[i];
        if (style.layout == TableLayout::kParsable || i + 1 < cells.size()) out += style.delimiter;
      }
    }
    out += style.layout == TableLayout::kCsv ? "\r\n" : "\n";
  };
  if (style.header) {
    line(table.header);
    if (padded) {
      for (std::size_t i = 0; i < table.widths.size(); ++i)
        out += std::string(cell_of(table.header[i], table.widths[i]).size(), '-') + ' ';
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

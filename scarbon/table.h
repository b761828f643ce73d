// SPDX-License-Identifier: Apache-2.0
// Tables in the style of sacct and sreport: padded columns under a line of dashes, or delimited fields.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace carbon::scarbon {

// A cell as sacct pads it: right-justified in `width` characters, left-justified if negative; longer text is cut and ends in '+'.
std::string padded_cell(const std::string& text, int width);

// A '|' after each field (-p) or between fields (-P); comma-separated values (RFC 4180).
enum class TableLayout { kPadded, kParsable, kParsable2, kCsv };

inline constexpr int kAsItIs = 0;  // a column whose cells, header included, are already padded

struct Table {
  std::vector<std::string> header;
  std::vector<int> widths;  // as in padded_cell, or kAsItIs
  std::vector<std::vector<std::string>> rows;
};

struct TableStyle {
  TableLayout layout = TableLayout::kPadded;
  bool header = true;
  std::string delimiter = "|";
};

std::string print_table(const Table& table, const TableStyle& style);

// Four significant digits, never an exponent; empty without a value, as missing is not zero.
std::string figure(std::optional<double> value);
std::string percent(std::optional<double> share);

}  // namespace carbon::scarbon

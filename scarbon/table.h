// SPDX-License-Identifier: Apache-2.0
// Tables as sacct and sreport print them: padded columns under a line of dashes, or fields with '|' between them.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace carbon::scarbon {

// sacct's cell: right-justified in `width` characters (left-justified where width is negative), cut with '+' where it is longer.
std::string padded_cell(const std::string& text, int width);

// With '|': behind each field (-p), or between fields (-P); as comma-separated values (RFC 4180).
enum class TableLayout { kPadded, kParsable, kParsable2, kCsv };

inline constexpr int kAsItIs = 0;  // a column whose cells, header included, have their width already

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

// Four significant digits, never an exponent; empty where there is no value: missing is not zero.
std::string figure(std::optional<double> value);
std::string percent(std::optional<double> share);

}  // namespace carbon::scarbon

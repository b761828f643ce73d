// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/parse/csv_rows.h"

#include <string>

#include "core/strings.h"

namespace carbon::grid_feeds {
namespace {

std::string_view next_line(std::string_view& text) {
  const auto end = text.find('\n');
  auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Field number `index` of `line`; none if the line has fewer.
std::optional<std::string_view> field(std::string_view line, std::size_t index) {
  for (; index > 0; --index) {
    const auto comma = line.find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    line.remove_prefix(comma + 1);
  }
  return line.substr(0, line.find(','));
}

Result<std::size_t> column(std::string_view header, std::string_view name) {
  for (std::size_t i = 0;; ++i) {
    const auto title = field(header, i);
    if (!title) break;
    if (*title == name) return i;
  }
  return Error{"line 1: no column '" + std::string(name) + "'; there are: " + std::string(header.substr(0, 500))};
}

}  // namespace

Result<std::vector<CsvRow>> read_csv(std::string_view text, std::string_view time_column, std::string_view value_column) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const auto header = next_line(text);
  const auto time_at = column(header, time_column), value_at = column(header, value_column);
  if (!time_at) return time_at.error();
  if (!value_at) return value_at.error();
  std::vector<CsvRow> rows;
  for (std::size_t number = 2; !text.empty(); ++number) {
    const auto line = next_line(text);
    if (line.empty()) continue;
    const auto fail = [number](const std::string& what) { return Error{"line " + std::to_string(number) + ": " + what}; };
    const auto time_text = field(line, *time_at), value_text = field(line, *value_at);
    if (!time_text || !value_text) return fail("has fewer columns than line 1");
    const auto start = parse_utc(*time_text);
    if (!start) return fail(start.error().message);
    if (!rows.empty() && *start <= rows.back().start) return fail("its time is not after that of the line before");
    CsvRow row{*start, std::nullopt};
    if (!value_text->empty()) {
      row.value = parse_number<double>(*value_text);
      if (!row.value) {
        return fail("'" + std::string(*value_text) + "' in column " + std::string(value_column) +
                    "; accepted: a number or nothing");
      }
    }
    rows.push_back(row);
  }
  return rows;
}

}  // namespace carbon::grid_feeds

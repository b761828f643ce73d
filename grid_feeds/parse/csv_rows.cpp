// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/parse/csv_rows.h"

#include <string>

#include "core/csv_reader.h"
#include "core/strings.h"

namespace carbon::grid_feeds {
namespace {

Result<std::size_t> column(const CsvReader& csv, std::string_view name) {
  const auto found = csv.column(name);
  if (!found) return found.error();
  if (*found) return **found;
  return csv.error("no column '" + std::string(name) + "'; there are: " + csv.columns());
}

}  // namespace

Result<std::vector<CsvRow>> read_csv(std::string_view text, std::string_view time_column, std::string_view value_column) {
  CsvReader csv(text);
  if (const auto read = csv.read_header(); !read) return read.error();
  const auto time_at = column(csv, time_column), value_at = column(csv, value_column);
  if (!time_at) return time_at.error();
  if (!value_at) return value_at.error();
  std::vector<CsvRow> rows;
  std::vector<std::string> fields;
  for (;;) {
    const auto found = csv.next(fields);
    if (!found) return found.error();
    if (!*found) return rows;
    const auto &time = fields[*time_at], &value = fields[*value_at];
    const auto start = parse_utc(time);
    if (!start) return csv.error(start.error().message);
    if (!rows.empty() && *start <= rows.back().start)
      return csv.error("its time is not after that of the line before; accepted: UTC, or local time with its offset");
    CsvRow row{*start, std::nullopt};
    if (!value.empty()) {
      row.value = parse_number<double>(value);
      if (!row.value)
        return csv.error("'" + value + "' in column " + std::string(value_column) + "; accepted: a number or nothing");
    }
    rows.push_back(row);
  }
}

}  // namespace carbon::grid_feeds

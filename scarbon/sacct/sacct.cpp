// SPDX-License-Identifier: Apache-2.0
#include "scarbon/sacct/sacct.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scarbon/program.h"

namespace carbon::scarbon {
namespace {

constexpr std::int64_t kLastSecond = 253'402'300'799;  // of the year 9999

std::vector<std::size_t> widths_of(std::string_view dashes) {
  std::vector<std::size_t> widths;
  for (std::size_t at = 0; at < dashes.size();) {
    const auto blank = dashes.find(' ', at);
    const auto width = std::min(blank, dashes.size()) - at;
    if (width == 0 || dashes.substr(at, width).find_first_not_of('-') != std::string_view::npos) return {};
    widths.push_back(width);
    at += width + 1;
  }
  return widths;
}

// Reads one row from the front of `rest`; false if `rest` ends within it. Each cell has its column's width and is followed by a
// blank. A number that is longer than its column overflows to the right.
bool read_padded_row(std::string_view& rest, const std::vector<std::size_t>& widths, std::vector<std::string>& cells) {
  for (const auto width : widths) {
    if (rest.size() <= width) return false;
    const auto end = rest[width] == ' ' ? width : rest.find(' ', width);
    if (end == std::string_view::npos) return false;
    cells.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  if (!rest.starts_with('\n')) return false;
  rest.remove_prefix(1);
  return true;
}

bool read_parsable_row(std::string_view& rest, std::size_t columns, std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < columns; ++i) {
    const auto end = rest.find(i + 1 < columns ? kSacctDelimiter : '\n');
    if (end == std::string_view::npos) return false;
    cells.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return true;
}

// All rows of `rest`, each read by `read_row(rest, cells)`.
template <class ReadRow>
Result<SacctTable> rows_of(std::vector<std::string> header, std::string_view rest, ReadRow read_row) {
  SacctTable table{std::move(header), {}};
  while (!rest.empty()) {
    const auto row = rest;
    if (!read_row(rest, table.rows.emplace_back()))
      return Error{"sacct: cannot parse this row of its output: '" + std::string(row.substr(0, row.find('\n'))) + "'"};
  }
  return table;
}

}  // namespace

void use_unix_times() { ::setenv("SLURM_TIME_FORMAT", "%s", 1); }

std::optional<Instant> sacct_time(const std::string& text) {
  std::int64_t s = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), s);
  if (text.empty() || ec != std::errc{} || end != text.data() + text.size() || s <= 0 || s > kLastSecond) return std::nullopt;
  return Instant(std::chrono::seconds(s));
}

Result<std::string> sacct_output(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{"sacct"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return output_of(std::move(command));
}

// The line of dashes below the header determines the widths.
Result<SacctTable> read_padded(std::string_view output) {
  const auto first = output.find('\n');
  const auto second = first == std::string_view::npos ? first : output.find('\n', first + 1);
  if (second == std::string_view::npos) return Error{"sacct: its output has no header"};
  const auto widths = widths_of(output.substr(first + 1, second - first - 1));
  auto names = output.substr(0, first + 1);
  std::vector<std::string> header;
  if (widths.empty() || !read_padded_row(names, widths, header)) return Error{"sacct: its output has no header"};
  return rows_of(std::move(header), output.substr(second + 1),
                 [&](auto& rest, auto& cells) { return read_padded_row(rest, widths, cells); });
}

Result<SacctTable> read_parsable(std::string_view output) {
  const auto first = output.find('\n');
  if (first == std::string_view::npos) return Error{"sacct: its output has no header"};
  auto names = output.substr(0, first + 1);
  const auto columns = 1 + static_cast<std::size_t>(std::count(names.begin(), names.end(), kSacctDelimiter));
  std::vector<std::string> header;
  read_parsable_row(names, columns, header);
  return rows_of(std::move(header), output.substr(first + 1),
                 [&](auto& rest, auto& cells) { return read_parsable_row(rest, columns, cells); });
}

Result<SacctTable> run_sacct(std::vector<std::string> arguments, SacctLayout layout) {
  const bool parsable = layout == SacctLayout::kParsable;
  if (parsable) {
    arguments.emplace_back("--parsable2");
    arguments.push_back(std::string("--delimiter=") + kSacctDelimiter);
  }
  const auto output = sacct_output(arguments);
  if (!output) return output.error();
  return parsable ? read_parsable(*output) : read_padded(*output);
}

}  // namespace carbon::scarbon

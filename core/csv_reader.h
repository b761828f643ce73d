// SPDX-License-Identifier: Apache-2.0
// The one reader of comma-separated values, as RFC 4180 has them: a field in quotes may hold commas, line ends and, doubled,
// quotes. Lines end with LF or CRLF, and a byte-order mark is passed over. Beyond the RFC, blank lines and blanks around a field
// do not count. Whatever else differs is an error with its line, since a field that was cut wrongly shifts all that follow.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace carbon::inline core {

class CsvReader {
 public:
  // The next line without its end, and its number; false at the end.
  using NextLine = std::function<bool(std::string& line, std::size_t& number)>;

  // Errors begin with `place` and the line's number: "jobs.csv:" gives "jobs.csv:3: ...".
  CsvReader(NextLine next, std::string place) : next_(std::move(next)), place_(std::move(place)) {}
  // Errors begin with "line 3: ". `text` must outlive the reader.
  explicit CsvReader(std::string_view text);

  // Reads the first row, the names of the columns. An error if there is none.
  Status read_header();
  const std::vector<std::string>& header() const { return header_; }
  // The index of column `name`; none if there is none. An error if there are several.
  Result<std::optional<std::size_t>> column(std::string_view name) const;
  // The names of the columns, in quotes where they hold a comma, for messages.
  std::string columns() const;

  // The next row into `fields`; false at the end. An error if it has another number of fields than the header.
  Result<bool> next(std::vector<std::string>& fields);
  // `what`, of the line on which the row read last begins.
  Error error(std::string_view what) const;

 private:
  Result<bool> read(std::vector<std::string>& fields);
  bool read_quoted(std::size_t& at, std::string& field);

  NextLine next_;
  std::string place_, text_;
  std::vector<std::string> header_;
  std::size_t line_ = 0;
};

// Without the UTF-8 byte-order mark that it may begin with.
std::string_view without_byte_order_mark(std::string_view text);

}  // namespace carbon::inline core

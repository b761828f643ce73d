// SPDX-License-Identifier: Apache-2.0
// Reads a text file line by line, gzipped or plain, and knows where it stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/csv_reader.h"
#include "core/result.h"

struct gzFile_s;

namespace carbon::replay {

class LineReader {
 public:
  static Result<LineReader> open(const std::string& path);

  // The next line without its line end (LF or CRLF), and the first without a UTF-8 byte-order mark; false at the end of the file.
  // A file that breaks off inside its compressed data ends with broken() set. A line may hold any other byte.
  bool next(std::string& line);
  // The line read last is the next one again.
  void unread(std::string line);
  bool broken() const { return broken_; }
  // "FILE:LINE: " + what, of the line read last.
  Error error(std::string_view what) const;
  const std::string& path() const { return path_; }
  // The rest of the file as CSV. The reader must outlive it.
  CsvReader csv();

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };

  // The next part of the file into `rest_`; false at its end.
  bool fill();

  std::string path_;
  std::unique_ptr<gzFile_s, Close> file_;
  std::vector<char> buffer_;
  std::string_view rest_;  // of buffer_, not yet read
  std::optional<std::string> unread_;
  std::size_t line_ = 0;
  bool broken_ = false;
};

// Fields between separators; `fields` is reused between calls and points into `line`.
void split(std::string_view line, char separator, std::vector<std::string_view>& fields);
std::string_view trim(std::string_view text);
// A finite decimal number, the whole of `text`.
Result<double> parse_number(std::string_view text);
Result<std::uint64_t> parse_count(std::string_view text);

}  // namespace carbon::replay

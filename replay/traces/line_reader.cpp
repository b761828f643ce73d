// SPDX-License-Identifier: Apache-2.0
#include "replay/traces/line_reader.h"

#include <zlib.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>

namespace carbon::replay {

void LineReader::Close::operator()(gzFile_s* file) const { gzclose(file); }

Result<LineReader> LineReader::open(const std::string& path) {
  LineReader reader;
  reader.path_ = path;
  errno = 0;
  reader.file_.reset(gzopen(path.c_str(), "rb"));
  if (!reader.file_) return Error{path + ": cannot be opened: " + std::strerror(errno)};
  reader.buffer_.resize(1 << 17);
  return reader;
}

bool LineReader::next(std::string& line) {
  if (unread_) {
    line = std::move(*unread_);
    unread_.reset();
    ++line_;
    return true;
  }
  line.clear();
  bool any = false;
  while (!rest_.empty() || fill()) {
    any = true;
    const auto end = rest_.find('\n');
    line += rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (end != std::string_view::npos) break;
  }
  if (!any || broken_) return false;
  if (line_++ == 0) line.erase(0, line.size() - without_byte_order_mark(line).size());
  while (!line.empty() && line.back() == '\r') line.pop_back();
  return true;
}

void LineReader::unread(std::string line) {
  unread_ = std::move(line);
  --line_;
}

CsvReader LineReader::csv() {
  return {[this](std::string& line, std::size_t& number) {
            if (!next(line)) return false;
            number = line_;
            return true;
          },
          path_ + ":"};
}

bool LineReader::fill() {
  const auto got = gzread(file_.get(), buffer_.data(), static_cast<unsigned>(buffer_.size()));
  int state = Z_OK;
  gzerror(file_.get(), &state);
  broken_ = got < 0 || (state != Z_OK && state != Z_STREAM_END);
  rest_ = std::string_view(buffer_.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  return !rest_.empty();
}

Error LineReader::error(std::string_view what) const {
  return Error{path_ + ":" + std::to_string(line_) + ": " + std::string(what)};
}

void split(std::string_view line, char separator, std::vector<std::string_view>& fields) {
  fields.clear();
  for (std::size_t from = 0;;) {
    const auto to = line.find(separator, from);
    fields.push_back(trim(line.substr(from, to - from)));
    if (to == std::string_view::npos) return;
    from = to + 1;
  }
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Result<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return Error{"'" + std::string(text) + "' is not a number"};
  return value;
}

Result<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return Error{"'" + std::string(text) + "' is not a whole number of zero or more"};
  return value;
}

}  // namespace carbon::replay

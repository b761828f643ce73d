// SPDX-License-Identifier: Apache-2.0
#include "core/csv_reader.h"

#include <algorithm>

#include "core/strings.h"

namespace carbon::inline core {
namespace {

constexpr std::string_view kBlanks = " \t";

CsvReader::NextLine lines_of(std::string_view text) {
  return [rest = text, count = std::size_t{0}](std::string& line, std::size_t& number) mutable {
    if (rest.empty()) return false;
    const auto end = rest.find('\n');
    line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.pop_back();
    number = ++count;
    return true;
  };
}

std::string in_quotes(const std::string& name) { return name.find(',') == std::string::npos ? name : '"' + name + '"'; }

}  // namespace

std::string_view without_byte_order_mark(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text;
}

CsvReader::CsvReader(std::string_view text) : CsvReader(lines_of(text), "line ") {}

Error CsvReader::error(std::string_view what) const { return Error{place_ + std::to_string(line_) + ": " + std::string(what)}; }

Status CsvReader::read_header() {
  auto found = read(header_);
  if (!found) return found.error();
  if (!*found) return Error{place_ + "1: is empty; accepted: CSV, whose first line names the columns"};
  return Done{};
}

Result<std::optional<std::size_t>> CsvReader::column(std::string_view name) const {
  const auto found = std::find(header_.begin(), header_.end(), name);
  if (found == header_.end()) return std::optional<std::size_t>();
  if (std::find(found + 1, header_.end(), name) != header_.end())
    return Error{place_ + "1: names the column '" + std::string(name) + "' more than once"};
  return std::optional(static_cast<std::size_t>(found - header_.begin()));
}

std::string CsvReader::columns() const {
  std::vector<std::string> names;
  for (const auto& name : header_) names.push_back(in_quotes(name));
  return joined(names, ",").substr(0, 500);
}

Result<bool> CsvReader::next(std::vector<std::string>& fields) {
  auto found = read(fields);
  if (found && *found && fields.size() != header_.size())
    return error("has " + std::to_string(fields.size()) + " fields, the header " + std::to_string(header_.size()));
  return found;
}

Result<bool> CsvReader::read(std::vector<std::string>& fields) {
  fields.clear();
  const bool at_start = line_ == 0;
  do {
    if (!next_(text_, line_)) return false;
    if (at_start) text_.erase(0, text_.size() - without_byte_order_mark(text_).size());
    if (at_start && (text_.starts_with("\xff\xfe") || text_.starts_with("\xfe\xff")))
      return error("the text is UTF-16; accepted: UTF-8");
  } while (text_.find_first_not_of(kBlanks) == std::string::npos);

  for (std::size_t at = 0;; ++at) {
    at = std::min(text_.find_first_not_of(kBlanks, at), text_.size());
    auto& field = fields.emplace_back();
    if (at < text_.size() && text_[at] == '"') {
      if (!read_quoted(at, field)) return error("the quotes of field " + std::to_string(fields.size()) + " are not closed");
      at = std::min(text_.find_first_not_of(kBlanks, at), text_.size());
      if (at < text_.size() && text_[at] != ',')
        return error("field " + std::to_string(fields.size()) + " goes on behind its closing quote");
    } else {
      const auto end = std::min(text_.find(',', at), text_.size());
      field = trimmed(std::string_view(text_).substr(at, end - at));
      if (field.find('"') != std::string::npos)
        return error("field " + std::to_string(fields.size()) + " holds a quote; accepted: quotes around the whole field");
      at = end;
    }
    if (at == text_.size()) return true;
  }
}

// From the opening quote at `at` to behind the closing one; false if there is none.
bool CsvReader::read_quoted(std::size_t& at, std::string& field) {
  for (++at;;) {
    const auto end = std::min(text_.find('"', at), text_.size());
    field.append(text_, at, end - at);
    at = end + 1;
    if (end == text_.size()) {
      std::size_t within = 0;  // the row keeps the number of its first line
      if (!next_(text_, within)) return false;
      field += '\n';
      at = 0;
    } else if (at < text_.size() && text_[at] == '"') {
      field += '"';
      ++at;
    } else {
      return true;
    }
  }
}

}  // namespace carbon::inline core

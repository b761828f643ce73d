// SPDX-License-Identifier: Apache-2.0
#include "scarbon/doctor/conf_file.h"

#include <glob.h>

#include <algorithm>
#include <cctype>
#include <fstream>

namespace carbon::scarbon::doctor {
namespace {

constexpr int kMostIncludes = 8;  // levels of nesting

// Up to the first '#' that is not escaped by a backslash.
std::string without_comment(const std::string& line) {
  for (std::size_t at = line.find('#'); at != std::string::npos; at = line.find('#', at + 1)) {
    if (at == 0 || line[at - 1] != '\\') return line.substr(0, at);
  }
  return line;
}

// Key=Value pairs, separated by blanks; a value may be quoted.
void read_values(ConfLine& line) {
  const std::string& text = line.text;
  for (std::size_t at = 0; at < text.size();) {
    const auto equals = text.find('=', at);
    if (equals == std::string::npos) return;
    const auto key = lower(trimmed(text.substr(at, equals - at)));
    auto begin = text.find_first_not_of(" \t", equals + 1);
    begin = std::min(begin, text.size());
    const bool quoted = begin < text.size() && text[begin] == '"';
    const auto end = quoted ? text.find('"', begin + 1) : text.find_first_of(" \t", begin);
    line.values[key] = text.substr(begin + quoted, std::min(end, text.size()) - begin - quoted);
    if (line.first_key.empty()) line.first_key = key;
    at = end == std::string::npos ? text.size() : end + quoted;
  }
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

std::vector<std::string> listed(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    if (auto word = trimmed(text.substr(at, comma - at)); !word.empty()) out.push_back(std::move(word));
    at = comma + 1;
  }
  return out;
}

bool lists(std::string_view list, std::string_view word) {
  const auto words = listed(lower(list));
  return std::find(words.begin(), words.end(), lower(word)) != words.end();
}

std::vector<std::string> files_of(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> out;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) out.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  return out;
}

const std::string& ConfLine::value(const std::string& key) const {
  static const std::string none;
  const auto it = values.find(key);
  return it == values.end() ? none : it->second;
}

Result<ConfFile> ConfFile::read(const std::filesystem::path& file) {
  ConfFile out;
  out.file_ = file;
  if (const auto added = out.add(file, 0); !added) return added.error();
  return out;
}

Status ConfFile::add(const std::filesystem::path& file, int depth) {
  if (depth > kMostIncludes)
    return Error{file.string() + ": more than " + std::to_string(kMostIncludes) + " nested Include lines"};
  std::ifstream in(file);
  if (!in) return Error{file.string() + ": cannot be read"};
  std::string part, whole;
  std::size_t number = 0, began = 1;
  while (std::getline(in, part)) {
    ++number;
    part = without_comment(part);
    const auto last = part.find_last_not_of(" \t\r");
    const bool continues = last != std::string::npos && part[last] == '\\';
    whole += continues ? part.substr(0, last) : part;
    if (continues) continue;
    ConfLine line{file.string() + ':' + std::to_string(began), trimmed(whole), {}, {}};
    whole.clear();
    began = number + 1;
    if (line.text.empty()) continue;
    if (lower(line.text).starts_with("include ") || lower(line.text).starts_with("include\t")) {
      auto name = trimmed(std::string_view(line.text).substr(8));
      const auto* cluster = find("ClusterName");
      if (const auto at = name.find("%c"); at != std::string::npos && cluster != nullptr)
        name.replace(at, 2, lower(cluster->value("clustername")));
      const auto pattern = name.starts_with('/') ? name : (file_.parent_path() / name).string();
      auto files = files_of(pattern);
      // A configless slurmd keeps all files in one directory; the lines have the paths on slurmctld's host.
      if (files.empty()) files = files_of((file_.parent_path() / std::filesystem::path(name).filename()).string());
      if (files.empty()) return Error{line.where + ": " + line.text + ": there is no such file"};
      for (const auto& included : files) {
        if (const auto added = add(included, depth + 1); !added) return added.error();
      }
      continue;
    }
    read_values(line);
    lines_.push_back(std::move(line));
  }
  return Done{};
}

const ConfLine* ConfFile::find(std::string_view key) const {
  const auto wanted = lower(key);
  const auto it = std::find_if(lines_.rbegin(), lines_.rend(), [&](const auto& line) { return line.first_key == wanted; });
  return it == lines_.rend() ? nullptr : &*it;
}

std::vector<const ConfLine*> ConfFile::all(std::string_view key) const {
  const auto wanted = lower(key);
  std::vector<const ConfLine*> out;
  for (const auto& line : lines_) {
    if (line.first_key == wanted) out.push_back(&line);
  }
  return out;
}

}  // namespace carbon::scarbon::doctor

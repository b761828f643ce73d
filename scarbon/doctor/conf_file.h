// SPDX-License-Identifier: Apache-2.0
// Parser for slurm.conf and gres.conf, including the files they include. Each line keeps its file and line number.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace carbon::scarbon::doctor {

// One logical line: one or more Key=Value pairs, as in NodeName=... Gres=...
struct ConfLine {
  std::string where;                                       // "/etc/slurm/slurm.conf:12"
  std::string text;                                        // without comment and continuation
  std::map<std::string, std::string> values;               // by lower-case key; the last one of a repeated key
  std::string first_key;                                   // in lower case
  const std::string& value(const std::string& key) const;  // empty if absent
};

class ConfFile {
 public:
  // Errors: a missing or unreadable file; files that include each other.
  static Result<ConfFile> read(const std::filesystem::path& file);

  // The last line that sets `key`, which is the one Slurm uses; null if none does.
  const ConfLine* find(std::string_view key) const;
  // All lines that begin with `key`, such as NodeName.
  std::vector<const ConfLine*> all(std::string_view key) const;
  const std::vector<ConfLine>& lines() const { return lines_; }
  const std::filesystem::path& file() const { return file_; }

 private:
  Status add(const std::filesystem::path& file, int depth);
  std::filesystem::path file_;
  std::vector<ConfLine> lines_;
};

std::string lower(std::string_view text);
std::string trimmed(std::string_view text);
// "a, b" -> {"a", "b"}.
std::vector<std::string> listed(std::string_view text);
// Whether the comma-separated list has `word`, ignoring case.
bool lists(std::string_view list, std::string_view word);
// The files that a pattern such as "/etc/slurm/plugstack.conf.d/*.conf" matches, sorted by name.
std::vector<std::string> files_of(const std::string& pattern);

}  // namespace carbon::scarbon::doctor

// SPDX-License-Identifier: Apache-2.0
// Slurm's configuration files as lines that know where they stand: slurm.conf and gres.conf, with what they include.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace carbon::scarbon::doctor {

// One logical line: "Key=Value", or several of them behind each other, as in NodeName=... Gres=...
struct ConfLine {
  std::string where;                                       // "/etc/slurm/slurm.conf:12"
  std::string text;                                        // without comment and continuation
  std::map<std::string, std::string> values;               // by key in lower case; of a key that stands twice the last
  std::string first_key;                                   // in lower case
  const std::string& value(const std::string& key) const;  // empty where it has none
};

class ConfFile {
 public:
  // Errors: a file that cannot be read, or is not there, files that include each other.
  static Result<ConfFile> read(const std::filesystem::path& file);

  // The line that sets `key` (Slurm takes the last one); null where none does.
  const ConfLine* find(std::string_view key) const;
  // Lines that begin with `key`, such as NodeName.
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
// "a,b" -> a, b; without blanks around.
std::vector<std::string> listed(std::string_view text);
// Whether the comma-separated list names `word`, in any case.
bool lists(std::string_view list, std::string_view word);
// Those that "/etc/slurm/plugstack.conf.d/*.conf" matches, by name.
std::vector<std::string> files_of(const std::string& pattern);

}  // namespace carbon::scarbon::doctor

// SPDX-License-Identifier: Apache-2.0
// Reader of a gettext catalogue (.mo, as msgfmt writes it). glibc's gettext is no substitute: it translates only in an installed
// locale other than C and C.UTF-8, and a bare Debian has no other.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace carbon::scarbon {

class Catalogue {
 public:
  // Nothing if there is no such file or it is damaged.
  static std::optional<Catalogue> read(const std::filesystem::path& path);
  // nullptr if it lacks the text. Valid as long as the catalogue.
  const char* find(std::string_view text) const;
  // Without the empty text, which is the file's header.
  const std::map<std::string, std::string>& texts() const { return texts_; }

 private:
  std::map<std::string, std::string> texts_;
};

}  // namespace carbon::scarbon

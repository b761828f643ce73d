// SPDX-License-Identifier: Apache-2.0
// A catalogue of translated texts as msgfmt writes it (.mo). Read here and not by the C library, which wants a locale of the
// language made on the host, or ignores what LANGUAGE asks for.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace carbon::scarbon {

class Catalogue {
 public:
  // Nothing where there is no such file, or it is not whole.
  static std::optional<Catalogue> read(const std::filesystem::path& path);
  // nullptr where the text is not in it. Lives as long as the catalogue.
  const char* find(std::string_view text) const;

 private:
  std::unordered_map<std::string, std::string> texts_;
};

}  // namespace carbon::scarbon

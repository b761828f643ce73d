// SPDX-License-Identifier: Apache-2.0
#include "scarbon/texts.h"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "scarbon/catalogue.h"

namespace carbon::scarbon {
namespace {

constexpr const char* kWrittenIn = "en";

struct Chosen {
  std::string language = kWrittenIn;
  std::optional<Catalogue> catalogue;
};

Chosen& chosen() {
  static Chosen one;
  return one;
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// "ko" of "ko_KR.UTF-8".
std::string language_of(std::string_view locale) { return std::string(locale.substr(0, locale.find_first_of("_.@"))); }

// Preferred languages, best first: those of LANGUAGE ("ko:en"), then the one of LC_ALL, LC_MESSAGES or LANG; none in locale C.
std::vector<std::string> preferred_languages() {
  std::string locale;
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    if (locale.empty()) locale = language_of(environment(name));
  }
  if (locale.empty() || locale == "C" || locale == "POSIX") return {};
  std::vector<std::string> preferred;
  for (std::string_view rest = environment("LANGUAGE"); !rest.empty();) {
    const auto colon = rest.find(':');
    preferred.push_back(language_of(rest.substr(0, colon)));
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  }
  preferred.push_back(locale);
  return preferred;
}

// A language becomes a folder's name.
bool is_plain(const std::string& language) {
  return !language.empty() && language.find('/') == std::string::npos && language[0] != '.';
}

}  // namespace

void set_up_texts() {
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return;
  const auto folder = program.parent_path().parent_path() / "share" / "locale";
  for (const std::string& language : preferred_languages()) {
    if (language == kWrittenIn) return;
    if (!is_plain(language)) continue;
    if (auto catalogue = Catalogue::read(folder / language / "LC_MESSAGES" / "scarbon.mo")) {
      chosen() = {language, std::move(catalogue)};
      return;
    }
  }
}

const char* tr(const char* text) {
  const auto& catalogue = chosen().catalogue;
  const char* translated = *text == '\0' || !catalogue ? nullptr : catalogue->find(text);
  return translated == nullptr ? text : translated;
}

std::string text_language() { return chosen().language; }

std::map<std::string, std::string> translations() {
  return chosen().catalogue ? chosen().catalogue->texts() : std::map<std::string, std::string>();
}

}  // namespace carbon::scarbon

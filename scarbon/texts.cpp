// SPDX-License-Identifier: Apache-2.0
#include "scarbon/texts.h"

#include <libintl.h>

#include <clocale>
#include <cstdlib>
#include <filesystem>

namespace carbon::scarbon {
namespace {

constexpr const char* kDomain = "scarbon";

// The language of LC_ALL, LC_MESSAGES or LANG, as setlocale ranks them: "ko" of "ko_KR.UTF-8".
std::string asked_language() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') {
      const std::string text(value);
      return text.substr(0, text.find_first_of("_.@"));
    }
  }
  return "C";
}

}  // namespace

void set_up_texts() {
  // Many hosts of a cluster have no locale but C made; a catalogue of ours needs none.
  if (std::setlocale(LC_MESSAGES, "") == nullptr) {
    std::setlocale(LC_MESSAGES, "C.UTF-8");
    ::setenv("LANGUAGE", asked_language().c_str(), 0);
  }
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return;
  bindtextdomain(kDomain, (program.parent_path().parent_path() / "share" / "locale").c_str());
  bind_textdomain_codeset(kDomain, "UTF-8");
  textdomain(kDomain);
}

const char* tr(const char* text) { return *text == '\0' ? text : dgettext(kDomain, text); }

std::string text_language() {
  // The header of a catalogue is the translation of "".
  const std::string header(dgettext(kDomain, ""));
  const auto at = header.find("Language: ");
  return at == std::string::npos ? "en" : header.substr(at + 10, header.find('\n', at) - at - 10);
}

}  // namespace carbon::scarbon

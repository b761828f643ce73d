// SPDX-License-Identifier: Apache-2.0
// Translation of the reports' texts (LANGUAGE, LANG; po/). Names of columns and fields are not translated, as scripts read them.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>

namespace carbon::scarbon {

// Call once, at the start. The catalogue, relative to the program: ../share/locale/LANGUAGE/LC_MESSAGES/scarbon.mo.
void set_up_texts();
// The text in the user's language, or `text` itself if there is no translation.
const char* tr(const char* text);
// Marks a text for translation that is translated later, when it is printed.
constexpr const char* tr_noop(const char* text) { return text; }
// As tr(), then formatted.
template <class... Arguments>
std::string trf(const char* text, Arguments&&... arguments) {
  return fmt::format(fmt::runtime(tr(text)), std::forward<Arguments>(arguments)...);
}
// "en", "ko": of the catalogue that is in use.
std::string text_language();
// All texts of that catalogue, from English; empty for English.
std::map<std::string, std::string> translations();

}  // namespace carbon::scarbon

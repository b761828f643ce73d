// SPDX-License-Identifier: Apache-2.0
// The reports' prose in the user's language (LANG; po/). Names of columns and fields are not translated: scripts read them.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>

namespace carbon::scarbon {

// Once, at the start. The catalogue is beside the program: ../share/locale/LANGUAGE/LC_MESSAGES/scarbon.mo.
void set_up_texts();
// The text in the user's language; itself where there is no translation.
const char* tr(const char* text);
// Marks a text that is translated where it is printed.
constexpr const char* tr_noop(const char* text) { return text; }
// With {} or {name} in it, filled in.
template <class... Arguments>
std::string trf(const char* text, Arguments&&... arguments) {
  return fmt::format(fmt::runtime(tr(text)), std::forward<Arguments>(arguments)...);
}
// "en", "ko": of the catalogue that is in use.
std::string text_language();
// All texts of that catalogue, from English; empty for English.
std::map<std::string, std::string> translations();

}  // namespace carbon::scarbon

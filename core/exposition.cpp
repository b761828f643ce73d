// SPDX-License-Identifier: Apache-2.0
#include "core/exposition.h"

#include <array>
#include <charconv>

namespace carbon::inline core {
namespace {

void put_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (quotes && c == '"')) out += '\\';
    out += c;
  }
}

}  // namespace

void Exposition::head(std::string_view name, Type type, std::string_view help) {
  name_ = name;
  text_ += "# HELP " + name_ + ' ';
  put_escaped(text_, help, false);
  text_ += "\n# TYPE " + name_ + (type == Type::kCounter ? " counter\n" : " gauge\n");
}

void Exposition::sample(double value, std::initializer_list<Label> labels) {
  text_ += name_;
  char before = '{';
  for (const auto& [name, of] : labels) {
    (text_ += before) += name;
    text_ += "=\"";
    put_escaped(text_, of, true);
    text_ += '"';
    before = ',';
  }
  text_ += labels.size() > 0 ? "} " : " ";
  std::array<char, 400> digits{};  // for any double
  const auto [end, _] = std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed);
  text_.append(digits.data(), end);
  text_ += '\n';
}

void Exposition::time(Instant at, std::initializer_list<Label> labels) {
  if (at > Instant{}) sample(static_cast<double>(unix_ms(at)) / 1000.0, labels);
}

void Exposition::one(std::string_view name, Type type, std::string_view help, double value) {
  head(name, type, help);
  sample(value);
}

}  // namespace carbon::inline core

// SPDX-License-Identifier: Apache-2.0
#include "core/comment.h"

#include <algorithm>

namespace carbon {
namespace {

constexpr std::string_view kPrefix = "carbon:";

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

// Where our token stands: at the start of the text or after a blank, up to the next blank.
std::pair<std::size_t, std::size_t> locate(std::string_view text) {
  for (auto at = text.find(kPrefix); at != std::string_view::npos; at = text.find(kPrefix, at + 1)) {
    if (at > 0 && !is_blank(text[at - 1])) continue;
    const auto end = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_blank);
    return {at, static_cast<std::size_t>(end - text.begin())};
  }
  return {std::string_view::npos, std::string_view::npos};
}

std::string clean(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c <= ' ' || c == 127 || c == ',' || c == '=' || c == '"' || c == '\'' || c == '`' || c == '|') c = '_';
  }
  return out;
}

}  // namespace

CarbonComment CarbonComment::find_in(std::string_view text) {
  CarbonComment found;
  const auto [start, end] = locate(text);
  if (start == std::string_view::npos) return found;
  auto rest = text.substr(start + kPrefix.size(), end - start - kPrefix.size());
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const auto pair = rest.substr(0, comma);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) return {};
    found.set(pair.substr(0, equals), pair.substr(equals + 1));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return found;
}

std::optional<std::string> CarbonComment::get(std::string_view key) const {
  for (const auto& [k, v] : pairs_) {
    if (k == key) return v;
  }
  return std::nullopt;
}

void CarbonComment::set(std::string_view key, std::string_view value) {
  auto k = clean(key);
  for (auto& [name, held] : pairs_) {
    if (name == k) {
      held = clean(value);
      return;
    }
  }
  if (pairs_.empty()) pairs_.reserve(8);  // as many as a deferred job has
  pairs_.emplace_back(std::move(k), clean(value));
}

void CarbonComment::erase(std::string_view key) {
  std::erase_if(pairs_, [&](const auto& pair) { return pair.first == key; });
}

std::string CarbonComment::token() const {
  std::string out;
  out.reserve(160);
  for (const auto& [k, v] : pairs_) {
    out += out.empty() ? kPrefix : ",";
    out += k;
    out += '=';
    out += v;
  }
  return out;
}

std::string CarbonComment::put_into(std::string_view text) const {
  const auto ours = token();
  const auto [start, end] = locate(text);
  if (start != std::string_view::npos) return std::string(text.substr(0, start)) + ours + std::string(text.substr(end));
  if (ours.empty()) return std::string(text);
  return text.empty() ? ours : std::string(text) + ' ' + ours;
}

}  // namespace carbon

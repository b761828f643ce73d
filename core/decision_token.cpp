// SPDX-License-Identifier: Apache-2.0
#include "core/decision_token.h"

#include <algorithm>
#include <array>

namespace carbon::inline core {
namespace {

constexpr std::string_view kPrefix = "carbon:";
constexpr std::size_t kUsualRuntime = 160;  // of a deferred job's token

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

constexpr char clean(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  const bool breaks = c <= ' ' || c == 127 || c == ',' || c == '=' || c == '"' || c == '\'' || c == '`' || c == '|';
  return breaks ? '_' : c;
}

// What each byte becomes: the token of each submission is written under slurmctld's locks.
constexpr auto kClean = [] {
  std::array<char, 256> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = clean(static_cast<char>(i));
  return all;
}();

}  // namespace

DecisionToken DecisionToken::find_in(std::string_view text) {
  DecisionToken found;
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

std::optional<DecisionToken::Value> DecisionToken::find(std::string_view key, std::size_t before) const {
  for (auto at = kPrefix.size(); at < before;) {
    const auto end = std::min(token_.find(',', at), token_.size());
    const auto pair = std::string_view(token_).substr(at, end - at);
    if (pair.size() > key.size() && pair[key.size()] == '=' && pair.starts_with(key)) return Value{at + key.size() + 1, end};
    at = end + 1;
  }
  return std::nullopt;
}

void DecisionToken::append_clean(std::string_view text) {
  const auto from = token_.size();
  token_ += text;
  for (auto i = from; i < token_.size(); ++i) token_[i] = kClean[static_cast<unsigned char>(token_[i])];
}

std::optional<std::string> DecisionToken::get(std::string_view key) const {
  const auto value = find(key, token_.size());
  if (!value) return std::nullopt;
  return token_.substr(value->start, value->end - value->start);
}

void DecisionToken::set(std::string_view key, std::string_view value) {
  if (token_.empty()) token_.reserve(kUsualRuntime);
  const auto old_size = token_.size();
  token_ += token_.empty() ? kPrefix : ",";
  const auto key_at = token_.size();
  append_clean(key);
  const auto key_end = token_.size();
  token_ += '=';
  append_clean(value);
  if (const auto held = find(std::string_view(token_).substr(key_at, key_end - key_at), old_size)) {
    const auto fresh = token_.substr(key_end + 1);
    token_.resize(old_size);
    token_.replace(held->start, held->end - held->start, fresh);
  }
}

void DecisionToken::erase(std::string_view key) {
  const auto value = find(key, token_.size());
  if (!value) return;
  const auto start = value->start - key.size() - 1;
  token_.erase(start, value->end + 1 - start);  // with the comma behind it
  if (token_.back() == ',') token_.pop_back();
  if (token_ == kPrefix) token_.clear();
}

std::string DecisionToken::put_into(std::string_view text) const {
  const auto [start, end] = locate(text);
  if (start != std::string_view::npos) return std::string(text.substr(0, start)) + token_ + std::string(text.substr(end));
  if (token_.empty()) return std::string(text);
  return text.empty() ? token_ : std::string(text) + ' ' + token_;
}

}  // namespace carbon::inline core

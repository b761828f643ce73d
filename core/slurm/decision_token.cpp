// SPDX-License-Identifier: Apache-2.0
#include "core/slurm/decision_token.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace carbon::inline core {
namespace {

constexpr std::string_view kPrefix = "carbon:";
constexpr std::size_t kUsualSize = 160;  // of a deferred job's token
constexpr std::string_view kUserMode = "user";
constexpr std::int64_t kLargest = 100'000'000'000;  // of seconds and counts

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

// The start and end of our token: it begins the text or follows a blank, and ends before the next blank.
std::pair<std::size_t, std::size_t> locate(std::string_view text) {
  for (auto at = text.find(kPrefix); at != std::string_view::npos; at = text.find(kPrefix, at + 1)) {
    if (at > 0 && !is_blank(text[at - 1])) continue;
    const auto end = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_blank);
    return {at, static_cast<std::size_t>(end - text.begin())};
  }
  return {std::string_view::npos, std::string_view::npos};
}

std::string replace_token(std::string_view text, const std::string& token) {
  const auto [start, end] = locate(text);
  if (start != std::string_view::npos) return std::string(text.substr(0, start)) + token + std::string(text.substr(end));
  if (token.empty()) return std::string(text);
  return text.empty() ? token : std::string(text) + ' ' + token;
}

constexpr char clean(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  const bool breaks = c <= ' ' || c == 127 || c == ',' || c == '=' || c == '"' || c == '\'' || c == '`' || c == '|';
  return breaks ? '_' : c;
}

// What each byte becomes. A table, because slurmctld holds its locks while a submission's token is written.
constexpr auto kClean = [] {
  std::array<char, 256> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = clean(static_cast<char>(i));
  return all;
}();

void append(std::string& out, std::string_view text) {
  const auto from = out.size();
  out += text;
  for (auto i = from; i < out.size(); ++i) out[i] = kClean[static_cast<unsigned char>(out[i])];
}

void append(std::string& out, std::int64_t value) {
  std::array<char, 24> text{};
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
}

void append_key(std::string& out, std::string_view key) {
  out += out.empty() ? kPrefix : ",";
  out += key;
  out += '=';
}

// ---- Values: read() leaves a field none for a text that is not understood.

void read(std::string_view text, std::string& out) { out = text; }
void read(std::string_view, bool& out) { out = true; }

void read(std::string_view text, std::optional<std::int64_t>& out) {
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec == std::errc{} && end == text.data() + text.size() && value >= 0 && value <= kLargest) out = value;
}

void read(std::string_view text, std::optional<Instant>& out) {
  std::optional<std::int64_t> seconds;
  read(text, seconds);
  if (seconds) out = from_unix_ms(*seconds * 1000);
}

void read(std::string_view text, std::optional<Duration>& out) {
  std::optional<std::int64_t> seconds;
  read(text, seconds);
  if (seconds) out = std::chrono::seconds(*seconds);
}

bool given(const std::string& value) { return !value.empty(); }
bool given(bool value) { return value; }
template <class T>
bool given(const std::optional<T>& value) {
  return value.has_value();
}

void append(std::string& out, bool) { out += '1'; }
void append(std::string& out, const std::optional<std::int64_t>& value) { append(out, *value); }
void append(std::string& out, const std::optional<Instant>& value) { append(out, unix_ms(*value) / 1000); }
void append(std::string& out, const std::optional<Duration>& value) { append(out, value->count() / 1000); }

// ---- The keys of the decision, in the order in which they are written.

struct Field {
  std::string_view key;
  void (*read)(std::string_view text, DecisionToken& token);
  bool (*given)(const DecisionToken& token);
  void (*append)(std::string& out, const DecisionToken& token);
  bool (*same)(const DecisionToken& a, const DecisionToken& b);
};

template <auto Member>
constexpr Field field(std::string_view key) {
  return {key, [](std::string_view text, DecisionToken& token) { core::read(text, token.*Member); },
          [](const DecisionToken& token) { return core::given(token.*Member); },
          [](std::string& out, const DecisionToken& token) { core::append(out, token.*Member); },
          [](const DecisionToken& a, const DecisionToken& b) { return a.*Member == b.*Member; }};
}

constexpr std::string_view mode_name(const DecisionToken& token) {
  if (token.user_choice) return kUserMode;
  return token.mode ? to_string(*token.mode) : std::string_view();
}

constexpr Field kModeField{"mode",
                           [](std::string_view text, DecisionToken& token) {
                             token.user_choice = text == kUserMode;
                             if (const auto mode = parse_carbon_mode(text)) token.mode = *mode;
                           },
                           [](const DecisionToken& token) { return !mode_name(token).empty(); },
                           [](std::string& out, const DecisionToken& token) { out += mode_name(token); },
                           [](const DecisionToken& a, const DecisionToken& b) { return mode_name(a) == mode_name(b); }};

using Token = DecisionToken;
constexpr std::array kFields{kModeField,
                             field<&Token::observe>("observe"),
                             field<&Token::home>("home"),
                             field<&Token::data_gb>("data_gb"),
                             field<&Token::site>("site"),
                             field<&Token::sites>("sites"),
                             field<&Token::planned>("planned"),
                             field<&Token::latest>("latest"),
                             field<&Token::cap>("cap"),
                             field<&Token::submit>("submit"),
                             field<&Token::times>("times"),
                             field<&Token::ran>("ran"),
                             field<&Token::stop>("stop"),
                             field<&Token::again>("again")};

// Of the decision these remain in the summary.
constexpr std::array<std::string_view, 6> kKeptKeys{"mode", "observe", "home", "data_gb", "planned", "submit"};

// ---- The keys of the summary.

constexpr std::string_view kEmissionKey = "g", kSavedKey = "saved_g", kSimulatedKey = "sim", kMethodKey = "method",
                           kEnergyKey = "kwh", kIntensityKey = "ci", kOriginKey = "intensity", kCoverageKey = "coverage",
                           kSiteKey = "site", kNodesKey = "nodes";

// Four digits, plain notation, no trailing zeros: "0.001234", "12.35", "31420".
std::string figure(double x) {
  if (x == 0) return "0";
  char text[64];
  int decimals = 3;
  for (double size = x < 0 ? -x : x; size >= 10 && decimals > 0; size /= 10) --decimals;
  for (double size = x < 0 ? -x : x; size < 1 && decimals < 9; size *= 10) ++decimals;
  std::snprintf(text, sizeof text, "%.*f", decimals, x);
  std::string out(text);
  if (out.find('.') == std::string::npos) return out;
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out;
}

void add(std::string& out, std::string_view key, std::string_view value) {
  append_key(out, key);
  append(out, value);
}

// What users look for comes first: sacct cuts a column at its width.
std::string format(const TokenSummary& s) {
  std::string out;
  if (s.emission) add(out, kEmissionKey, figure(s.emission->value()));
  if (s.saved) add(out, kSavedKey, figure(s.saved->value()));
  if (s.simulated) add(out, kSimulatedKey, "1");
  add(out, kMethodKey, s.method ? to_string(*s.method) : "none");
  if (s.energy) add(out, kEnergyKey, figure(kwh(*s.energy)));
  if (s.intensity) add(out, kIntensityKey, figure(s.intensity->value()));
  if (s.origin) add(out, kOriginKey, to_string(*s.origin));
  if (s.coverage) add(out, kCoverageKey, figure(*s.coverage));
  if (!s.site.empty()) add(out, kSiteKey, s.site);
  if (!s.complete) add(out, kNodesKey, std::to_string(s.nodes) + "/" + std::to_string(s.nodes_expected));
  return out;
}

}  // namespace

std::string as_in_token(std::string_view text) {
  std::string out;
  append(out, text);
  return out;
}

void DecisionToken::parse_pair(std::string_view key, std::string_view value) {
  auto name = as_in_token(key), text = as_in_token(value);
  const auto old = std::find_if(parsed_.begin(), parsed_.end(), [&](const auto& pair) { return pair.first == name; });
  old != parsed_.end() ? void(old->second = std::move(text)) : void(parsed_.emplace_back(std::move(name), std::move(text)));
}

DecisionToken DecisionToken::parse(std::string_view text) {
  DecisionToken token;
  const auto [start, end] = locate(text);
  if (start == std::string_view::npos) return token;
  auto rest = text.substr(start + kPrefix.size(), end - start - kPrefix.size());
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const auto pair = rest.substr(0, comma);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) return {};
    token.parse_pair(pair.substr(0, equals), pair.substr(equals + 1));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  for (const auto& f : kFields) {
    if (const auto* value = token.parsed_value(f.key)) f.read(*value, token);
  }
  return token;
}

const std::string* DecisionToken::parsed_value(std::string_view key) const {
  const auto pair = std::find_if(parsed_.begin(), parsed_.end(), [key](const auto& p) { return p.first == key; });
  return pair == parsed_.end() ? nullptr : &pair->second;
}

bool DecisionToken::empty() const {
  return parsed_.empty() && std::none_of(kFields.begin(), kFields.end(), [this](const auto& f) { return f.given(*this); });
}

bool DecisionToken::has_summary() const { return parsed_value(kEmissionKey) != nullptr || parsed_value(kEnergyKey) != nullptr; }

std::string DecisionToken::mode_text() const { return std::string(mode_name(*this)); }

double DecisionToken::data_gigabytes() const {
  double value = 0;
  std::from_chars(data_gb.data(), data_gb.data() + data_gb.size(), value);
  return value > 0 ? value : 0;
}

std::string DecisionToken::format() const {
  std::string out;
  out.reserve(kUsualSize);
  const auto append_field = [&](const Field& f) {
    if (!f.given(*this)) return;
    append_key(out, f.key);
    f.append(out, *this);
  };
  for (const auto& [key, value] : parsed_) {
    const auto f = std::find_if(kFields.begin(), kFields.end(), [&key = key](const auto& known) { return known.key == key; });
    DecisionToken as_parsed;
    if (f != kFields.end()) f->read(value, as_parsed);
    if (f == kFields.end() || f->same(*this, as_parsed)) {
      append_key(out, key);
      out += value;
    } else {
      append_field(*f);
    }
  }
  for (const auto& f : kFields) {
    if (parsed_.empty() || parsed_value(f.key) == nullptr) append_field(f);
  }
  return out;
}

std::string DecisionToken::put_into(std::string_view text) const { return replace_token(text, format()); }

std::string put_summary(std::string_view text, const TokenSummary& summary) {
  const auto decision = DecisionToken::parse(text);
  auto out = format(summary);
  for (const auto key : kKeptKeys) {
    if (const auto* value = decision.parsed_value(key)) add(out, key, *value);
  }
  return replace_token(text, out);
}

}  // namespace carbon::inline core

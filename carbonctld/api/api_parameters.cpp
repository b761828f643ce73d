// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/api/api_parameters.h"

#include <charconv>

namespace carbon::carbonctld {

std::optional<std::string> Parameters::text(std::string_view key) const {
  const auto it = query_.find(key);
  return it == query_.end() ? std::nullopt : std::optional(it->second);
}

std::optional<Instant> Parameters::time(std::string_view key) {
  const auto value = text(key);
  if (!value) return std::nullopt;
  const auto t = parse_utc(*value);
  if (t) return *t;
  fail(key, t.error().message);
  return std::nullopt;
}

std::vector<std::uint32_t> Parameters::ids(std::string_view key) {
  std::vector<std::uint32_t> out;
  const auto value = text(key);
  if (!value) return out;
  const char* at = value->data();
  const char* const end = at + value->size();
  while (at != end) {
    std::uint32_t id = 0;
    const auto [next, ec] = std::from_chars(at, end, id);
    if (ec != std::errc{} || (next != end && *next != ',')) {
      fail(key, "'" + *value + "' is not a list of job ids with commas");
      return out;
    }
    out.push_back(id);
    at = next == end ? end : next + 1;
  }
  return out;
}

std::vector<ledger::ReportFilter> Parameters::filters() const {
  using enum ledger::Dimension;
  std::vector<ledger::ReportFilter> out;
  for (const auto dimension : {kUser, kAccount, kPartition, kSite, kCluster, kQos, kWckey, kState}) {
    const auto value = text(ledger::to_string(dimension));
    if (!value) continue;
    auto& filter = out.emplace_back(ledger::ReportFilter{dimension, {}});
    std::string_view rest(*value);
    for (;;) {
      const auto comma = rest.find(',');
      filter.values.emplace_back(rest.substr(0, comma));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return out;
}

void Parameters::fail(std::string_view key, const std::string& what) {
  if (error_.empty()) error_ = std::string(key) + ": " + what;
}

}  // namespace carbon::carbonctld

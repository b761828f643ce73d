// SPDX-License-Identifier: Apache-2.0
#include "ledger/reports/grouping.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace carbon::ledger {
namespace {

bool contains(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool matches(const GroupKey& key, const ReportQuery& query) {
  for (const auto& filter : query.only) {
    if (!contains(filter.values, value_of(key, filter.dimension))) return false;
  }
  const auto& scope = query.visible;
  return !scope || value_of(key, Dimension::kUser) == scope->user ||
         contains(scope->accounts, value_of(key, Dimension::kAccount));
}

// The users of a filter by user, each once; none: no such filter.
std::optional<std::vector<std::string>> users_of(const ReportQuery& query) {
  for (const auto& filter : query.only) {
    if (filter.dimension != Dimension::kUser) continue;
    const std::set<std::string> users(filter.values.begin(), filter.values.end());
    return std::vector<std::string>(users.begin(), users.end());
  }
  return std::nullopt;
}

}  // namespace

Grouping grouping_of(soci::session& sql, JobGroups& groups, const ReportQuery& query) {
  Grouping out;
  std::map<std::pair<std::string_view, std::string_view>, int> rows;
  const auto add = [&](const GroupKey& key, long long number) {
    if (!matches(key, query)) return;
    const std::pair<std::string_view, std::string_view> name(
        value_of(key, query.group_by), query.then_by ? std::string_view(value_of(key, *query.then_by)) : std::string_view());
    const auto [row, fresh] = rows.try_emplace(name, static_cast<int>(out.rows.size()));
    if (fresh) out.rows.push_back({std::string(name.first), std::string(name.second), {}});
    const auto at = static_cast<std::size_t>(number);
    if (out.row_of.size() <= at) out.row_of.resize(at + 1, -1);
    out.row_of[at] = row->second;
    out.groups.push_back(number);
  };
  const auto users = users_of(query);
  out.all = groups.each(sql, users ? &*users : nullptr, add) == out.groups.size();
  return out;
}

}  // namespace carbon::ledger

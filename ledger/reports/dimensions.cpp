// SPDX-License-Identifier: Apache-2.0
#include "ledger/reports/dimensions.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "ledger/store/store_impl.h"

namespace carbon::ledger {
namespace {

using soci::into;
using soci::use;

const std::string& part(const GroupKey& key, Dimension by) { return key[static_cast<std::size_t>(by)]; }

bool one_of(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool matches(const GroupKey& key, const ReportQuery& query) {
  if (query.user && part(key, Dimension::kUser) != *query.user) return false;
  for (const auto& filter : query.only) {
    if (!one_of(filter.values, part(key, filter.by))) return false;
  }
  const auto& scope = query.visible;
  return !scope || part(key, Dimension::kUser) == scope->user || one_of(scope->accounts, part(key, Dimension::kAccount));
}

}  // namespace

GroupKey group_of(const JobRow& row) {
  return {row.user, row.account, row.partition, row.site, row.key.cluster, row.details.qos, row.details.wckey, row.details.state};
}

std::size_t Groups::Hash::operator()(const GroupKey& key) const {
  std::size_t h = 0;
  for (const auto& text : key) h = h * 31 + std::hash<std::string>()(text);
  return h;
}

void Groups::remember(const GroupKey& key, long long id) {
  const auto [at, fresh] = numbers_.try_emplace(key, id);
  if (!fresh) return;
  of_user_[part(key, Dimension::kUser)].push_back(&*at);
  last_ = std::max(last_, id);
  keys_.resize(static_cast<std::size_t>(last_) + 1);
  keys_[static_cast<std::size_t>(id)] = &at->first;
}

void Groups::load(soci::session& sql) {
  numbers_.clear();
  of_user_.clear();
  keys_.clear();
  last_ = 0;
  long long id = 0;
  GroupKey key;
  soci::statement find =
      (sql.prepare << "SELECT id, user_name, account, part, site, cluster, qos, wckey, state FROM job_groups", into(id),
       into(key[0]), into(key[1]), into(key[2]), into(key[3]), into(key[4]), into(key[5]), into(key[6]), into(key[7]));
  each_row(find, [&] { remember(key, id); });
  loaded_ = true;
}

long long Groups::number_of(soci::session& sql, const GroupKey& key) {
  const std::lock_guard lock(mutex_);
  if (!loaded_) load(sql);
  if (const auto at = numbers_.find(key); at != numbers_.end()) return at->second;
  remember(key, last_ + 1);
  sql << "INSERT INTO job_groups (id, user_name, account, part, site, cluster, qos, wckey, state)"
         " VALUES (:id, :user, :account, :part, :site, :cluster, :qos, :wckey, :state)",
      use(last_, "id"), use(key[0], "user"), use(key[1], "account"), use(key[2], "part"), use(key[3], "site"),
      use(key[4], "cluster"), use(key[5], "qos"), use(key[6], "wckey"), use(key[7], "state");
  return last_;
}

const GroupKey& Groups::key_of(long long id) const {
  const std::lock_guard lock(mutex_);
  return *keys_.at(static_cast<std::size_t>(id));
}

Grouping Groups::grouping(soci::session& sql, const ReportQuery& query) {
  const std::lock_guard lock(mutex_);
  if (!loaded_) load(sql);
  Grouping out;
  out.row_of.assign(static_cast<std::size_t>(last_) + 1, -1);
  std::map<std::pair<std::string_view, std::string_view>, int> rows;
  const auto take = [&](const Entry& entry) {
    const auto& [key, id] = entry;
    if (!matches(key, query)) return;
    const std::pair<std::string_view, std::string_view> name(
        part(key, query.by), query.within ? std::string_view(part(key, *query.within)) : std::string_view());
    const auto [row, fresh] = rows.try_emplace(name, static_cast<int>(out.rows.size()));
    if (fresh) out.rows.push_back({std::string(name.first), std::string(name.second), {}});
    out.row_of[static_cast<std::size_t>(id)] = row->second;
    out.groups.push_back(id);
  };
  if (!query.user) {
    for (const auto& entry : numbers_) take(entry);
  } else if (const auto of = of_user_.find(*query.user); of != of_user_.end()) {
    for (const auto* entry : of->second) take(*entry);
  }
  out.all = out.groups.size() == numbers_.size();
  return out;
}

void Groups::forget() {
  const std::lock_guard lock(mutex_);
  loaded_ = false;
}

}  // namespace carbon::ledger

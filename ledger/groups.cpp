// SPDX-License-Identifier: Apache-2.0
#include "ledger/groups.h"

#include <algorithm>

#include "ledger/store_impl.h"

namespace carbon::ledger {
namespace {

using soci::into;
using soci::use;

const std::string& part(const GroupKey& key, ReportBy by) { return key[static_cast<std::size_t>(by)]; }

bool one_of(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool matches(const GroupKey& key, const ReportQuery& query) {
  if (query.user && part(key, ReportBy::kUser) != *query.user) return false;
  for (const auto& filter : query.only) {
    if (!one_of(filter.values, part(key, filter.by))) return false;
  }
  const auto& scope = query.visible;
  return !scope || part(key, ReportBy::kUser) == scope->user || one_of(scope->accounts, part(key, ReportBy::kAccount));
}

}  // namespace

GroupKey group_of(const JobRow& row) {
  return {row.user, row.account, row.partition, row.site, row.key.cluster, row.facts.qos, row.facts.wckey, row.facts.state};
}

void Groups::load(soci::session& sql) {
  numbers_.clear();
  last_ = 0;
  long long id = 0;
  GroupKey key;
  soci::statement find =
      (sql.prepare << "SELECT id, user_name, account, part, site, cluster, qos, wckey, state FROM job_groups", into(id),
       into(key[0]), into(key[1]), into(key[2]), into(key[3]), into(key[4]), into(key[5]), into(key[6]), into(key[7]));
  each_row(find, [&] {
    numbers_[key] = id;
    last_ = std::max(last_, id);
  });
  loaded_ = true;
}

long long Groups::number_of(soci::session& sql, const GroupKey& key) {
  const std::lock_guard lock(mutex_);
  if (!loaded_) load(sql);
  const auto [at, fresh] = numbers_.try_emplace(key, last_ + 1);
  if (!fresh) return at->second;
  ++last_;
  sql << "INSERT INTO job_groups (id, user_name, account, part, site, cluster, qos, wckey, state)"
         " VALUES (:id, :user, :account, :part, :site, :cluster, :qos, :wckey, :state)",
      use(last_, "id"), use(key[0], "user"), use(key[1], "account"), use(key[2], "part"), use(key[3], "site"),
      use(key[4], "cluster"), use(key[5], "qos"), use(key[6], "wckey"), use(key[7], "state");
  return last_;
}

Grouping Groups::grouping(soci::session& sql, const ReportQuery& query) {
  const std::lock_guard lock(mutex_);
  if (!loaded_) load(sql);
  Grouping out;
  out.row_of.assign(static_cast<std::size_t>(last_) + 1, -1);
  std::map<std::pair<std::string, std::string>, int> rows;
  for (const auto& [key, id] : numbers_) {
    if (!matches(key, query)) {
      out.all = false;
      continue;
    }
    const std::pair name(part(key, query.by), query.within ? part(key, *query.within) : std::string());
    const auto [at, fresh] = rows.try_emplace(name, static_cast<int>(out.rows.size()));
    if (fresh) out.rows.push_back({name.first, name.second, {}});
    out.row_of[static_cast<std::size_t>(id)] = at->second;
    out.groups.push_back(id);
  }
  return out;
}

void Groups::forget() {
  const std::lock_guard lock(mutex_);
  loaded_ = false;
}

}  // namespace carbon::ledger

// SPDX-License-Identifier: Apache-2.0
#include "ledger/store/job_groups.h"

#include <algorithm>

#include "ledger/store/database.h"

namespace carbon::ledger {

using soci::into;
using soci::use;

GroupKey group_of(const JobRow& row) {
  return {row.user, row.account, row.partition, row.site, row.key.cluster, row.details.qos, row.details.wckey, row.details.state};
}

std::size_t JobGroups::Hash::operator()(const GroupKey& key) const {
  std::size_t h = 0;
  for (const auto& text : key) h = h * 31 + std::hash<std::string>()(text);
  return h;
}

void JobGroups::insert(const GroupKey& key, long long number) {
  const auto [at, fresh] = numbers_.try_emplace(key, number);
  if (!fresh) return;
  of_user_[value_of(key, Dimension::kUser)].push_back(&*at);
  last_ = std::max(last_, number);
  keys_.resize(static_cast<std::size_t>(last_) + 1);
  keys_[static_cast<std::size_t>(number)] = &at->first;
}

void JobGroups::load(soci::session& sql) {
  numbers_.clear();
  of_user_.clear();
  keys_.clear();
  last_ = 0;
  long long number = 0;
  GroupKey key;
  soci::statement find =
      (sql.prepare << "SELECT id, user_name, account, part, site, cluster, qos, wckey, state FROM job_groups", into(number),
       into(key[0]), into(key[1]), into(key[2]), into(key[3]), into(key[4]), into(key[5]), into(key[6]), into(key[7]));
  each_row(find, [&] { insert(key, number); });
  loaded_ = true;
}

long long JobGroups::number_of(soci::session& sql, const GroupKey& key) {
  const std::lock_guard lock(mutex_);
  if (!loaded_) load(sql);
  if (const auto at = numbers_.find(key); at != numbers_.end()) return at->second;
  insert(key, last_ + 1);
  sql << "INSERT INTO job_groups (id, user_name, account, part, site, cluster, qos, wckey, state)"
         " VALUES (:id, :user, :account, :part, :site, :cluster, :qos, :wckey, :state)",
      use(last_, "id"), use(key[0], "user"), use(key[1], "account"), use(key[2], "part"), use(key[3], "site"),
      use(key[4], "cluster"), use(key[5], "qos"), use(key[6], "wckey"), use(key[7], "state");
  return last_;
}

const GroupKey& JobGroups::key_of(long long number) const {
  const std::lock_guard lock(mutex_);
  return *keys_.at(static_cast<std::size_t>(number));
}

std::size_t JobGroups::each(soci::session& sql, const std::vector<std::string>* users,
                            const std::function<void(const GroupKey&, long long)>& f) {
  const std::lock_guard lock(mutex_);
  if (!loaded_) load(sql);
  if (users == nullptr) {
    for (const auto& [key, number] : numbers_) f(key, number);
    return numbers_.size();
  }
  for (const auto& user : *users) {
    const auto of = of_user_.find(user);
    if (of == of_user_.end()) continue;
    for (const auto* entry : of->second) f(entry->first, entry->second);
  }
  return numbers_.size();
}

void JobGroups::forget() {
  const std::lock_guard lock(mutex_);
  loaded_ = false;
}

}  // namespace carbon::ledger

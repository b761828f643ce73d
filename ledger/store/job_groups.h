// SPDX-License-Identifier: Apache-2.0
// The table job_groups: each combination of user, account, partition, site, cluster, QOS, wckey and state that occurs has a
// number, which is part of the key of a rollup. Used only in ledger/.
#pragma once

#include <soci/soci.h>

#include <array>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ledger/rows/dimension.h"
#include "ledger/rows/job_emissions.h"

namespace carbon::ledger {

// The properties in the order of Dimension.
using GroupKey = std::array<std::string, 8>;
GroupKey group_of(const JobRow& row);
inline const std::string& value_of(const GroupKey& key, Dimension dimension) { return key[static_cast<std::size_t>(dimension)]; }

// A copy of the table in memory: a ledger has one writer. Any thread may call.
class JobGroups {
 public:
  // The number of a group; a new group is inserted, in the writer's transaction.
  long long number_of(soci::session& sql, const GroupKey& key);
  // The group with a number that number_of() returned; valid until forget().
  const GroupKey& key_of(long long number) const;
  // Calls f(key, number) for each group, or with `users` for each group of these users; returns how many groups there are in all.
  // f must not call back.
  std::size_t each(soci::session& sql, const std::vector<std::string>* users,
                   const std::function<void(const GroupKey&, long long)>& f);
  // After a transaction was rolled back: numbers assigned in it are void.
  void forget();

 private:
  // With mutex_ locked.
  void load(soci::session& sql);
  void insert(const GroupKey& key, long long number);

  mutable std::mutex mutex_;
  bool loaded_ = false;
  struct Hash {
    std::size_t operator()(const GroupKey& key) const;
  };
  std::unordered_map<GroupKey, long long, Hash> numbers_;
  using Entry = std::pair<const GroupKey, long long>;
  std::vector<const GroupKey*> keys_;  // by number
  std::unordered_map<std::string, std::vector<const Entry*>> of_user_;
  long long last_ = 0;
};

}  // namespace carbon::ledger

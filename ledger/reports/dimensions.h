// SPDX-License-Identifier: Apache-2.0
// The groups that sums are kept by: each combination of user, account, partition, site, cluster, QOS, wckey and state that occurs
// has a number, so that a rollup's key is three numbers. Inside ledger/ alone.
#pragma once

#include <soci/soci.h>

#include <array>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ledger/reports/report.h"

namespace carbon::ledger {

// The properties in the order of Dimension.
using GroupKey = std::array<std::string, 8>;
GroupKey group_of(const JobRow& row);
// A property's column in jobs and in job_groups.
const char* column_of(Dimension by);

// The rows that a query asks for, still without sums, and which row each group belongs to.
struct Grouping {
  std::vector<ReportRow> rows;
  std::vector<int> row_of;        // by group number; -1: not asked for
  std::vector<long long> groups;  // those that are asked for
  bool all = true;                // no group is left out
};

// Held in memory, since a ledger has one writer. Any thread may call.
class Groups {
 public:
  // The number of a group, made where there is none: in the writer's transaction.
  long long number_of(soci::session& sql, const GroupKey& key);
  // That of a number which was given; stands until forget().
  const GroupKey& key_of(long long id) const;
  Grouping grouping(soci::session& sql, const ReportQuery& query);
  // After a transaction that was rolled back: numbers given in it are no more.
  void forget();

 private:
  // With mutex_ held.
  void load(soci::session& sql);
  void remember(const GroupKey& key, long long id);

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

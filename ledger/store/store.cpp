// SPDX-License-Identifier: Apache-2.0
#include "ledger/store/store.h"

#include "ledger/record/checksum.h"
#include "ledger/store/store_impl.h"

namespace carbon::ledger {

using soci::into;
using soci::use;

long long meta(soci::session& sql, const char* name) {
  long long value = 0;
  const std::string wanted(name);
  sql << "SELECT value FROM meta WHERE name = :name", into(value), use(wanted, "name");
  return value;
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Database& Store::database() { return *impl_->db; }
JobGroups& Store::groups() { return impl_->groups; }

Result<std::unique_ptr<Store>> Store::open(const std::string& database) {
  auto db = Database::open(database);
  if (!db) return db.error();
  auto impl = std::make_unique<Impl>();
  impl->db = std::move(*db);
  const auto last = impl->db->read([](soci::session& sql) -> Result<long long> {
    long long seq = 0;
    sql << "SELECT COALESCE(MAX(seq), 0) FROM due_jobs", into(seq);
    return seq;
  });
  if (!last) return last.error();
  impl->next_seq = *last + 1;
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Result<StoreCounts> Store::counts() {
  return impl_->db->read([](soci::session& sql) -> Result<StoreCounts> {
    // Called often: neither records nor jobs are counted row by row.
    long long jobs = 0, due = 0, unwritten = 0;
    sql << "SELECT COALESCE(SUM(jobs), 0) FROM rollups WHERE span = 'y'", into(jobs);
    sql << "SELECT COUNT(*) FROM due_jobs", into(due);
    sql << "SELECT COUNT(*) FROM summaries", into(unwritten);
    return StoreCounts{meta(sql, "records"), jobs, due, unwritten};
  });
}

Result<std::vector<std::string>> Store::check() {
  return impl_->db->read([](soci::session& sql) -> Result<std::vector<std::string>> {
    auto problems = structure_problems(sql, true);
    BoundKey k;
    std::string body, node;
    long long checksum = 0;
    soci::statement find = (sql.prepare << "SELECT job_id, restart_count, cluster, node, body, checksum FROM records",
                            into(k.job_id), into(k.restart), into(k.cluster), into(node), into(body), into(checksum));
    each_row(find, [&] {
      if (checksum != checksum_of(body))
        problems.push_back("record of job " + std::to_string(k.job_id) + " from " + node + " is damaged");
    });
    return problems;
  });
}

}  // namespace carbon::ledger

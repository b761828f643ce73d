// SPDX-License-Identifier: Apache-2.0
// The queue of summaries to be written into Slurm's accounting.
#include "ledger/store/store_impl.h"

namespace carbon::ledger {

using soci::into;
using soci::use;

Result<std::vector<PendingSummary>> Store::summaries_due(Instant now, std::size_t limit) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::vector<PendingSummary>> {
    BoundKey k;
    long long tries = 0;
    const long long at = unix_ms(now), most = static_cast<long long>(limit);
    soci::statement find =
        (sql.prepare << "SELECT job_id, restart_count, cluster, run_ms, tries FROM summaries WHERE next_ms <= :at"
                        " ORDER BY next_ms LIMIT :most",
         into(k.job_id), into(k.restart), into(k.cluster), into(k.run), into(tries), use(at, "at"), use(most, "most"));
    std::vector<PendingSummary> out;
    each_row(find, [&] { out.push_back({k.key(), static_cast<std::uint32_t>(tries)}); });
    return out;
  });
}

// Within write(): the requests counted so far are committed.
Result<std::uint64_t> Store::summary_requests() {
  return impl_->db->write([&](soci::session&) -> Result<std::uint64_t> { return impl_->requests.count; });
}

Status Store::summaries_written(std::span<const std::pair<JobKey, std::string>> summaries, std::uint64_t requests) {
  if (summaries.empty()) return Done{};
  return impl_->db->write([&](soci::session& sql) -> Status {
    impl_->changes.begin();
    BoundKey k;
    std::string summary;
    soci::statement set =
        (sql.prepare << std::string("UPDATE jobs SET summary = :summary") + kWhereKey, use(summary, "summary"),
         use(k.job_id, "job_id"), use(k.restart, "restart_count"), use(k.cluster, "cluster"), use(k.run, "run_ms"));
    soci::statement remove = (sql.prepare << std::string("DELETE FROM summaries") + kWhereKey, use(k.job_id, "job_id"),
                              use(k.restart, "restart_count"), use(k.cluster, "cluster"), use(k.run, "run_ms"));
    for (const auto& [key, text] : summaries) {
      k = BoundKey(key);
      summary = cut(valid_utf8(text), 1000);
      impl_->changes.note(key.id());
      set.execute(true);
      const auto last = impl_->requests.last.find(key);
      if (last != impl_->requests.last.end() && last->second > requests) continue;
      remove.execute(true);
      if (last != impl_->requests.last.end()) impl_->requests.last.erase(last);
    }
    return Done{};
  });
}

Status Store::postpone_summary(const JobKey& key, Instant next, const std::string& problem) {
  return impl_->db->write([&](soci::session& sql) -> Status {
    const BoundKey k(key);
    const long long at = unix_ms(next);
    const auto why = cut(valid_utf8(problem), 1000);
    sql << std::string("UPDATE summaries SET next_ms = :next, tries = tries + 1, problem = :problem") + kWhereKey,
        use(at, "next"), use(why, "problem"), use(k.job_id, "job_id"), use(k.restart, "restart_count"), use(k.cluster, "cluster"),
        use(k.run, "run_ms");
    return Done{};
  });
}

Status Store::drop_summary(const JobKey& key) {
  return impl_->db->write([&](soci::session& sql) -> Status {
    const BoundKey k(key);
    sql << std::string("DELETE FROM summaries") + kWhereKey, use(k.job_id, "job_id"), use(k.restart, "restart_count"),
        use(k.cluster, "cluster"), use(k.run, "run_ms");
    return Done{};
  });
}

Result<std::size_t> Store::request_summaries(std::span<const JobKey> keys, Instant now) {
  return impl_->db->write([&](soci::session& sql) -> Result<std::size_t> {
    const auto stored = stored_runs(sql, ids_of(keys));
    SummaryRequester summaries(sql, impl_->requests);
    std::size_t requested = 0;
    for (const auto& key : keys) {
      if (!stored.contains(key)) continue;
      summaries.request(key, now);
      ++requested;
    }
    summaries.finish();
    return requested;
  });
}

}  // namespace carbon::ledger

// SPDX-License-Identifier: Apache-2.0
// Runs that Slurm's accounting knows and of which no record came.
#include "ledger/sql/bulk.h"
#include "ledger/store/store_impl.h"
#include "ledger/store/unrecorded_jobs.h"

namespace carbon::ledger {
namespace {

using soci::into;
using soci::use;

constexpr const char* kFrom = "compared_from_ms";
constexpr const char* kUntil = "compared_until_ms";
constexpr long long kMostUnrecorded = 1'000'000;

void set_meta(soci::session& sql, const char* name, Instant value) {
  const std::string key(name);
  const long long ms = unix_ms(value);
  sql << "REPLACE INTO meta (name, value) VALUES (:name, :value)", use(key, "name"), use(ms, "value");
}

void put_unrecorded(soci::session& sql, std::span<const SlurmRun> runs) {
  Bulk rows(sql, {"unrecorded_jobs",
                  {"job_id", "start_ms", "cluster"},
                  {"end_ms", "user_name", "account", "part", "site", "qos", "wckey", "state", "gpu_ms"},
                  OnConflict::kUpdate});
  for (const auto& r : runs) {
    auto cell = rows.next().begin();
    *cell++ = static_cast<long long>(r.job_id);
    *cell++ = static_cast<long long>(unix_ms(r.start));
    *cell++ = r.cluster;
    *cell++ = static_cast<long long>(unix_ms(r.end));
    for (const auto* text : {&r.user, &r.account, &r.partition, &r.site, &r.qos, &r.wckey, &r.state}) *cell++ = *text;
    cell->known = r.gpu_ms ? soci::i_ok : soci::i_null;
    *cell = static_cast<long long>(r.gpu_ms.value_or(0));
  }
  rows.flush();
}

// Bounds the table by its oldest rows; the time of which all is known begins after them.
void drop_oldest(soci::session& sql) {
  long long count = 0, end = 0;
  sql << "SELECT COUNT(*) FROM unrecorded_jobs", into(count);
  if (count <= kMostUnrecorded) return;
  sql << "SELECT end_ms FROM unrecorded_jobs ORDER BY end_ms LIMIT 1 OFFSET " + std::to_string(count - kMostUnrecorded),
      into(end);
  sql << "DELETE FROM unrecorded_jobs WHERE end_ms <= :end", use(end, "end");
  set_meta(sql, kFrom, from_unix_ms(end + 1));
}

}  // namespace

std::optional<Interval> compared_interval(soci::session& sql) {
  const auto until = meta(sql, kUntil);
  if (until == 0) return std::nullopt;
  return Interval{from_unix_ms(meta(sql, kFrom)), from_unix_ms(until)};
}

Status Store::compare(Interval ended, std::span<const SlurmRun> runs) {
  return impl_->db->write([&](soci::session& sql) -> Status {
    put_unrecorded(sql, runs);
    sql << std::string("DELETE FROM unrecorded_jobs WHERE ") + kSeen;
    const auto before = compared_interval(sql);
    set_meta(sql, kFrom, before ? std::min(before->start, ended.start) : ended.start);
    set_meta(sql, kUntil, before ? std::max(before->end, ended.end) : ended.end);
    drop_oldest(sql);
    return Done{};
  });
}

Result<std::optional<Instant>> Store::first_end() {
  return impl_->db->read([](soci::session& sql) -> Result<std::optional<Instant>> {
    long long end = 0;
    auto known = soci::i_ok;
    sql << "SELECT MIN(end_ms) FROM jobs", into(end, known);
    return known == soci::i_ok ? std::optional(from_unix_ms(end)) : std::nullopt;
  });
}

Result<std::optional<Interval>> Store::compared() {
  return impl_->db->read([](soci::session& sql) -> Result<std::optional<Interval>> { return compared_interval(sql); });
}

}  // namespace carbon::ledger

// SPDX-License-Identifier: Apache-2.0
// The intensities that were used, and which jobs a changed one touches.
#include <algorithm>
#include <set>

#include "ledger/paint.h"
#include "ledger/store_impl.h"

namespace carbon::ledger {
namespace {

using soci::into;
using soci::use;

// Values do not overlap, so the one that holds the window's start is the last that begins at or before it.
std::vector<StoredIntensity> load(soci::session& sql, const std::string& site, Interval when) {
  const long long from = unix_ms(when.start), to = unix_ms(when.end);
  long long first = from;
  soci::indicator found = soci::i_ok;
  sql << "SELECT MAX(start_ms) FROM intensities WHERE site = :site AND start_ms <= :from", into(first, found), use(site, "site"),
      use(from, "from");
  if (found == soci::i_null) first = from;
  long long start = 0, end = 0, origin = 0, simulated = 0;
  double value = 0;
  std::string provider;
  soci::statement find =
      (sql.prepare << "SELECT start_ms, end_ms, g_per_kwh, origin, provider, simulated FROM intensities"
                      " WHERE site = :site AND start_ms >= :first AND start_ms < :to AND end_ms > :from ORDER BY start_ms",
       into(start), into(end), into(value), into(origin), into(provider), into(simulated), use(site, "site"), use(first, "first"),
       use(to, "to"), use(from, "from"));
  std::vector<StoredIntensity> out;
  each_row(find, [&] {
    out.push_back(
        {{{from_unix_ms(start), from_unix_ms(end)}, GramsPerKwh(value), static_cast<Origin>(origin)}, provider, simulated != 0});
  });
  return out;
}

void replace(soci::session& sql, const std::string& site, const std::string& zone, std::span<const StoredIntensity> held,
             std::span<const StoredIntensity> values) {
  long long start = 0, end = 0, origin = 0, simulated = 0;
  double value = 0;
  std::string provider;
  soci::statement remove =
      (sql.prepare << "DELETE FROM intensities WHERE site = :site AND start_ms = :start", use(site, "site"), use(start, "start"));
  for (const auto& v : held) {
    start = unix_ms(v.point.when.start);
    remove.execute(true);
  }
  soci::statement insert =
      (sql.prepare << "INSERT INTO intensities (site, start_ms, end_ms, zone, g_per_kwh, origin, provider, simulated)"
                      " VALUES (:site, :start, :end, :zone, :value, :origin, :provider, :simulated)",
       use(site, "site"), use(start, "start"), use(end, "end"), use(zone, "zone"), use(value, "value"), use(origin, "origin"),
       use(provider, "provider"), use(simulated, "simulated"));
  for (const auto& v : values) {
    start = unix_ms(v.point.when.start);
    end = unix_ms(v.point.when.end);
    value = v.point.value.value();
    origin = static_cast<long long>(v.point.origin);
    provider = v.provider;
    simulated = v.simulated ? 1 : 0;
    insert.execute(true);
  }
}

// Jobs that ran at the site in `when`, or that would have run there had they begun at submission.
void jobs_touching(soci::session& sql, const std::string& site, Interval when, std::set<JobKey>& found) {
  const long long from = unix_ms(when.start), to = unix_ms(when.end);
  const long long longest = fact(sql, "longest_ms");
  const long long latest_end = to + longest, earliest_start = from - longest;
  BoundKey k;
  soci::statement ran = (sql.prepare << "SELECT job_id, restart_count, cluster FROM jobs"
                                        " WHERE site = :site AND end_ms >= :from AND end_ms <= :latest AND start_ms < :to",
                         into(k.job_id), into(k.restart), into(k.cluster), use(site, "site"), use(from, "from"),
                         use(latest_end, "latest"), use(to, "to"));
  each_row(ran, [&] { found.insert(k.key()); });
  soci::statement would_have =
      (sql.prepare << "SELECT job_id, restart_count, cluster FROM jobs WHERE home = :site AND submit_ms >= :earliest"
                      " AND submit_ms < :to AND submit_ms + (end_ms - start_ms) >= :from",
       into(k.job_id), into(k.restart), into(k.cluster), use(site, "site"), use(earliest_start, "earliest"), use(to, "to"),
       use(from, "from"));
  each_row(would_have, [&] { found.insert(k.key()); });
}

}  // namespace

Result<std::size_t> Store::put_intensity(const std::string& site, const SeriesMeta& meta,
                                         std::span<const IntensityPoint> points) {
  if (points.empty()) return std::size_t{0};
  std::vector<StoredIntensity> fresh;
  fresh.reserve(points.size());
  for (const auto& p : points) fresh.push_back({p, meta.provider, meta.simulated});
  return impl_->db->write([&](soci::session& sql) -> Result<std::size_t> {
    const auto held = load(sql, site, {points.front().when.start, points.back().when.end});
    const auto painted = paint(held, fresh);
    if (painted.changed.empty()) return std::size_t{0};
    sql << "UPDATE facts SET value = value + 1 WHERE name = 'intensities'";
    replace(sql, site, meta.zone, held, painted.values);
    std::set<JobKey> touched;
    for (const auto& when : painted.changed) jobs_touching(sql, site, when, touched);
    impl_->make_due(sql, std::vector<JobKey>(touched.begin(), touched.end()));
    return touched.size();
  });
}

Result<std::vector<StoredIntensity>> Store::intensity(const std::string& site, Interval when) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::vector<StoredIntensity>> { return load(sql, site, when); });
}

}  // namespace carbon::ledger

// SPDX-License-Identifier: Apache-2.0
// The intensities that were used, and which jobs a changed one touches.
#include <algorithm>
#include <string>

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

constexpr std::size_t kWindowsAtOnce = 100;

// A query of the jobs that ran at :site in one of the windows, or that would have run at :home had they begun at submission,
// each once.
std::string jobs_touching(std::span<const Interval> windows, Duration longest) {
  constexpr const char* kSelect = "SELECT job_id, restart_count, cluster FROM jobs WHERE ";
  std::string out;
  for (const auto& when : windows) {
    const auto from = std::to_string(unix_ms(when.start)), to = std::to_string(unix_ms(when.end));
    out += (out.empty() ? "" : " UNION ") + std::string(kSelect) + "site = :site AND end_ms >= " + from +
           " AND end_ms <= " + std::to_string(unix_ms(when.end + longest)) + " AND start_ms < " + to + " UNION " + kSelect +
           "home = :home AND submit_ms >= " + std::to_string(unix_ms(when.start - longest)) + " AND submit_ms < " + to +
           " AND submit_ms + (end_ms - start_ms) >= " + from;
  }
  return out;
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
    std::size_t touched = 0;
    for (std::span<const Interval> rest = painted.changed; !rest.empty();) {
      const auto some = rest.first(std::min(rest.size(), kWindowsAtOnce));
      touched += impl_->make_due(sql, site, jobs_touching(some, Duration(fact(sql, "longest_ms"))));
      rest = rest.subspan(some.size());
    }
    return touched;
  });
}

Result<std::vector<StoredIntensity>> Store::intensity(const std::string& site, Interval when) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::vector<StoredIntensity>> { return load(sql, site, when); });
}

}  // namespace carbon::ledger

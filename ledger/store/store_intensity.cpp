// SPDX-License-Identifier: Apache-2.0
// The intensities that were used, and which jobs a changed one affects.
#include <algorithm>
#include <string>
#include <utility>

#include "ledger/rows/intensity_kinds.h"
#include "ledger/store/merge_intensities.h"
#include "ledger/store/store_impl.h"

namespace carbon::ledger {
namespace {

using soci::into;
using soci::use;

// Values do not overlap, so the one that contains the window's start is the last that begins at or before it.
std::vector<StoredIntensity> load(soci::session& sql, const std::string& site, Interval when) {
  const long long from = unix_ms(when.start), to = unix_ms(when.end);
  long long first = from;
  soci::indicator found = soci::i_ok;
  sql << "SELECT MAX(start_ms) FROM intensities WHERE site = :site AND start_ms <= :from", into(first, found), use(site, "site"),
      use(from, "from");
  if (found == soci::i_null) first = from;
  long long start = 0, end = 0, origin = 0, simulated = 0, kind = 0;
  double value = 0;
  std::string provider;
  soci::statement find =
      (sql.prepare << "SELECT start_ms, end_ms, g_per_kwh, origin, provider, simulated, kind FROM intensities"
                      " WHERE site = :site AND start_ms >= :first AND start_ms < :to AND end_ms > :from ORDER BY start_ms",
       into(start), into(end), into(value), into(origin), into(provider), into(simulated), into(kind), use(site, "site"),
       use(first, "first"), use(to, "to"), use(from, "from"));
  std::vector<StoredIntensity> out;
  each_row(find, [&] {
    out.push_back({{{from_unix_ms(start), from_unix_ms(end)}, GramsPerKwh(value), static_cast<Origin>(origin)},
                   provider,
                   simulated != 0,
                   kind_of(kind)});
  });
  return out;
}

void replace(soci::session& sql, const std::string& site, const std::string& zone, std::span<const StoredIntensity> stored,
             std::span<const StoredIntensity> values) {
  long long start = 0, end = 0, origin = 0, simulated = 0, kind = 0;
  double value = 0;
  std::string provider;
  soci::statement remove =
      (sql.prepare << "DELETE FROM intensities WHERE site = :site AND start_ms = :start", use(site, "site"), use(start, "start"));
  for (const auto& v : stored) {
    start = unix_ms(v.point.when.start);
    remove.execute(true);
  }
  soci::statement insert =
      (sql.prepare << "INSERT INTO intensities (site, start_ms, end_ms, zone, g_per_kwh, origin, provider, simulated, kind)"
                      " VALUES (:site, :start, :end, :zone, :value, :origin, :provider, :simulated, :kind)",
       use(site, "site"), use(start, "start"), use(end, "end"), use(zone, "zone"), use(value, "value"), use(origin, "origin"),
       use(provider, "provider"), use(simulated, "simulated"), use(kind, "kind"));
  // The statement reads these variables, which it has references to.
  // NOLINTBEGIN(clang-analyzer-deadcode.DeadStores)
  for (const auto& v : values) {
    start = unix_ms(v.point.when.start);
    end = unix_ms(v.point.when.end);
    value = v.point.value.value();
    origin = static_cast<long long>(v.point.origin);
    provider = v.provider;
    simulated = v.simulated ? 1 : 0;
    kind = number_of(v.kind);
    insert.execute(true);
  }
  // NOLINTEND(clang-analyzer-deadcode.DeadStores)
}

// A longer change is searched month by month, to bound the keys in memory.
constexpr Duration kLongestWindow = std::chrono::days(31);
constexpr std::size_t kMostKeys = 500'000;

// Finds the jobs that ran at the site in a window, that would have run there had we moved nothing, or whose data was transferred
// then.
class TouchedJobs {
 public:
  TouchedJobs(soci::session& sql, const std::string& site)
      : longest_(meta(sql, "longest_ms")),
        site_(site),
        ran_((sql.prepare << std::string(kSelect) + "site = :site AND end_ms >= :from AND end_ms <= :until AND start_ms < :to",
              into(k_.job_id), into(k_.cluster), use(site_, "site"), use(from_, "from"), use(until_, "until"), use(to_, "to"))),
        would_have_((sql.prepare << std::string(kSelect) + "home_site = :home AND turn_ms >= :since AND turn_ms < :to AND"
                                                           " turn_ms + (end_ms - start_ms) >= :from",
                     into(k_.job_id), into(k_.cluster), use(site_, "home"), use(since_, "since"), use(to_, "to"),
                     use(from_, "from"))),
        brought_data_((sql.prepare << std::string(kSelect) + "submit_ms >= :from AND submit_ms < :to AND data_gb > 0 AND"
                                                             " (site = :site OR home_site = :home)",
                       into(k_.job_id), into(k_.cluster), use(from_, "from"), use(to_, "to"), use(site_, "site"),
                       use(site_, "home"))) {}

  void find(Interval when) {
    from_ = unix_ms(when.start);
    to_ = unix_ms(when.end);
    until_ = to_ + longest_;
    since_ = from_ - longest_;
    for (auto* statement : {&ran_, &would_have_, &brought_data_}) each_row(*statement, [&] { found_.push_back(k_.id()); });
  }
  std::size_t size() const { return found_.size(); }
  // The jobs found since the last call, each once, in order. Duplicates are removed here: a database server takes longer to do
  // it.
  std::vector<JobId> extract() {
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::exchange(found_, {});
  }

 private:
  static constexpr const char* kSelect = "SELECT job_id, cluster FROM jobs WHERE ";
  const long long longest_;
  const std::string site_;
  long long from_ = 0, to_ = 0, until_ = 0, since_ = 0;
  BoundKey k_;
  soci::statement ran_, would_have_, brought_data_;
  std::vector<JobId> found_;
};

}  // namespace

Result<std::size_t> Store::put_intensity(const std::string& site, const SeriesMeta& series,
                                         std::span<const IntensityPoint> points) {
  std::vector<StoredIntensity> fresh;
  fresh.reserve(points.size());
  for (const auto& p : points) fresh.push_back({p, series.provider, series.simulated, series.kind});
  return put_intensity(site, series.zone, fresh);
}

Result<std::size_t> Store::put_intensity(const std::string& site, const std::string& zone,
                                         std::span<const StoredIntensity> fresh) {
  if (fresh.empty()) return std::size_t{0};
  return impl_->db->write([&](soci::session& sql) -> Result<std::size_t> {
    const auto stored = load(sql, site, {fresh.front().point.when.start, fresh.back().point.when.end});
    const auto merged = merge_intensities(stored, fresh);
    if (merged.changed.empty()) return std::size_t{0};
    sql << "UPDATE meta SET value = value + 1 WHERE name = 'intensities'";
    replace(sql, site, zone, stored, merged.values);
    TouchedJobs jobs(sql, site);
    std::size_t touched = 0;
    const auto make_due = [&] {
      const auto keys = jobs.extract();
      impl_->make_due(sql, keys);
      touched += keys.size();
    };
    for (const auto& changed : merged.changed) {
      for (auto from = changed.start; from < changed.end; from += kLongestWindow) {
        jobs.find({from, std::min(from + kLongestWindow, changed.end)});
        if (jobs.size() > kMostKeys) make_due();
      }
    }
    make_due();
    return touched;
  });
}

namespace {

// The one value of a query of a site and a time.
Result<std::optional<Instant>> one_time(soci::session& sql, const char* query, const std::string& site, Instant since) {
  long long found = 0;
  soci::indicator known = soci::i_ok;
  const long long from = unix_ms(since);
  sql << query, into(found, known), use(site, "site"), use(from, "since");
  return known == soci::i_ok ? std::optional(from_unix_ms(found)) : std::nullopt;
}

}  // namespace

Result<std::optional<Instant>> Store::last_measured(const std::string& site, Instant since) {
  static_assert(static_cast<int>(Origin::kActual) == 0);
  return impl_->db->read([&](soci::session& sql) {
    return one_time(sql, "SELECT MAX(end_ms) FROM intensities WHERE site = :site AND start_ms >= :since AND origin = 0", site,
                    since);
  });
}

Result<std::optional<Instant>> Store::first_uncovered(const std::string& site, Instant since) {
  return impl_->db->read([&](soci::session& sql) {
    return one_time(sql, "SELECT MIN(start_ms) FROM jobs WHERE site = :site AND end_ms >= :since AND covered_mj < energy_mj",
                    site, since);
  });
}

Result<std::vector<StoredIntensity>> Store::intensity(const std::string& site, Interval when) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::vector<StoredIntensity>> { return load(sql, site, when); });
}

}  // namespace carbon::ledger

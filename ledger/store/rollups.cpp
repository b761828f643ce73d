// SPDX-License-Identifier: Apache-2.0
#include "ledger/store/rollups.h"

#include "ledger/rows/job_row.h"
#include "ledger/sql/bulk.h"
#include "ledger/store/store_impl.h"

namespace carbon::ledger {
namespace {

using soci::into;
using soci::use;
using std::chrono::days;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year_month_day;
using std::chrono::years;

// By the start of the period, and by group or value.
template <class Owner>
using Sums = std::map<std::pair<Instant, Owner>, Totals>;

template <class Owner>
Sums<Owner> folded(const Sums<Owner>& by_day, char period) {
  Sums<Owner> out;
  for (const auto& [key, sums] : by_day) out[{period_start(period, key.first), key.second}] += sums;
  return out;
}

Sums<std::string_view> by_property(const Sums<long long>& by_day, const JobGroups& groups, std::size_t property) {
  Sums<std::string_view> out;
  for (const auto& [key, sums] : by_day) out[{key.first, groups.key_of(key.second)[property]}] += sums;
  return out;
}

BulkTable table_of(std::string name, std::vector<std::string> key) {
  BulkTable t{std::move(name), std::move(key), {}, OnConflict::kAdd};
  for (const auto& c : kSums) t.columns.push_back(c.column);
  return t;
}

// One row per difference; `begin` writes its first cells.
template <class Owner, class F>
void write_sums(Bulk& bulk, const Sums<Owner>& sums, F begin) {
  for (const auto& [key, delta] : sums) {
    if (delta == Totals{}) continue;
    auto cell = begin(bulk.next().begin(), unix_ms(key.first), key.second);
    for (const auto& c : kSums) *cell++ = static_cast<long long>(delta.*c.sum);
  }
}

}  // namespace

Instant period_start(char period, Instant t) {
  const auto day = std::chrono::floor<days>(t);
  if (period == 'd') return day;
  const year_month_day date(day);
  return sys_days(date.year() / (period == 'm' ? date.month() : std::chrono::January) / 1);
}

Instant period_after(char period, Instant start) {
  if (period == 'd') return start + days(1);
  const year_month_day date(std::chrono::floor<days>(start));
  return sys_days(period == 'm' ? date + months(1) : date + years(1));
}

void RollupDeltas::write(soci::session& sql, const JobGroups& groups) const {
  Bulk of_groups(sql, table_of("rollups", {"span", "start_ms", "grp"}));
  Bulk of_properties(sql, table_of("property_rollups", {"property", "span", "start_ms", "name"}));
  for (const char& period : kPeriods) {
    write_sums(of_groups, folded(days_, period), [&](auto cell, long long start, long long group) {
      *cell++ = std::string_view(&period, 1);
      *cell++ = start;
      *cell++ = group;
      return cell;
    });
  }
  for (std::size_t p = 0; p < std::tuple_size_v<GroupKey>; ++p) {
    const auto by_name = by_property(days_, groups, p);
    for (const char& period : kPeriods) {
      write_sums(of_properties, folded(by_name, period), [&](auto cell, long long start, std::string_view name) {
        *cell++ = to_string(static_cast<Dimension>(p));
        *cell++ = std::string_view(&period, 1);
        *cell++ = start;
        *cell++ = name;
        return cell;
      });
    }
  }
  of_groups.flush();
  of_properties.flush();
}

void rebuild_rollups(soci::session& sql, JobGroups& groups) {
  constexpr long long kAtOnce = 20'000;  // job ids
  sql << "DELETE FROM rollups";
  sql << "DELETE FROM property_rollups";
  BoundJob bound;
  BoundKey k;
  long long from = 0, upto = 0, group = 0;
  soci::statement find(sql);
  bound.bind_into(find);
  find.exchange(use(from, "from"));
  find.exchange(use(upto, "upto"));
  find.alloc();
  find.prepare("SELECT " + job_columns() + " FROM jobs WHERE job_id >= :from AND job_id < :upto");
  find.define_and_bind();
  soci::statement set =
      (sql.prepare << std::string("UPDATE jobs SET grp = :grp") + kWhereKey, use(group, "grp"), use(k.job_id, "job_id"),
       use(k.restart, "restart_count"), use(k.cluster, "cluster"), use(k.run, "run_ms"));
  for (;; from = upto) {
    auto any = soci::i_ok;
    sql << "SELECT MIN(job_id) FROM jobs WHERE job_id >= :from", into(from, any), use(from, "from");
    if (any == soci::i_null) return;
    upto = from + kAtOnce;
    std::vector<JobRow> rows;
    each_row(find, [&] { rows.push_back(bound.row()); });
    RollupDeltas deltas;
    for (const auto& row : rows) {
      k = BoundKey(row.key);
      group = groups.number_of(sql, group_of(row));
      deltas.add(row, group);
      set.execute(true);
    }
    deltas.write(sql, groups);
  }
}

}  // namespace carbon::ledger

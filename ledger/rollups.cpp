// SPDX-License-Identifier: Apache-2.0
#include "ledger/rollups.h"

#include "ledger/bulk.h"
#include "ledger/job_row.h"
#include "ledger/store_impl.h"

namespace carbon::ledger {
namespace {

using soci::into;
using soci::use;
using std::chrono::days;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year_month_day;
using std::chrono::years;

constexpr std::array<char, 3> kSpans = {'y', 'm', 'd'};
constexpr std::size_t kFewGroups = 300;

Instant day_of(Instant t) { return std::chrono::floor<days>(t); }
Instant month_of(Instant t) {
  const year_month_day date(std::chrono::floor<days>(t));
  return sys_days(date.year() / date.month() / 1);
}
Instant year_of(Instant t) {
  const year_month_day date(std::chrono::floor<days>(t));
  return sys_days(date.year() / 1 / 1);
}
Instant after(char span, Instant start) {
  const year_month_day date(std::chrono::floor<days>(start));
  if (span == 'd') return start + days(1);
  return sys_days((span == 'm' ? date + months(1) : date + years(1)));
}
Instant start_of(char span, Instant t) { return span == 'd' ? day_of(t) : span == 'm' ? month_of(t) : year_of(t); }

// Reads groups with their sums and adds them, or takes them away.
class SumReader {
 public:
  SumReader(soci::session& sql, Grouping& grouping) : sql_(sql), grouping_(grouping) {
    if (grouping.all || grouping.groups.size() > kFewGroups) return;
    for (const auto g : grouping.groups) few_ += (few_.empty() ? " AND grp IN (" : ", ") + std::to_string(g);
    few_ += few_.empty() ? " AND 1 = 0" : ")";
  }

  void spans(char span, Instant from, Instant to, int sign) {
    if (from >= to) return;
    const auto columns = "SELECT grp, " + sum_columns() + " FROM rollups WHERE span = '" + span + "' AND start_ms ";
    if (few_.empty()) return read(columns + between(from, to, "start_ms"), sign);
    // One start at a time: with a group it is a whole key.
    for (Instant t = from; t < to; t = after(span, t)) read(columns + "= " + std::to_string(unix_ms(t)) + few_, sign);
  }

  void jobs(Instant from, Instant to) {
    if (from >= to) return;
    read("SELECT grp, " + sums_of_jobs() + " FROM jobs WHERE end_ms " + between(from, to, "end_ms") + few_ + " GROUP BY grp", 1);
  }

 private:
  static std::string between(Instant from, Instant to, const char* column) {
    return ">= " + std::to_string(unix_ms(from)) + " AND " + column + " < " + std::to_string(unix_ms(to));
  }

  void read(const std::string& query, int sign) {
    long long group = 0;
    std::array<long long, kSums.size()> v{};
    soci::statement find(sql_);
    find.exchange(into(group));
    for (auto& x : v) find.exchange(into(x));
    find.alloc();
    find.prepare(query);
    find.define_and_bind();
    each_row(find, [&] {
      const auto at = static_cast<std::size_t>(group);
      const int row = at < grouping_.row_of.size() ? grouping_.row_of[at] : -1;
      if (row < 0) return;
      auto& sums = grouping_.rows[static_cast<std::size_t>(row)].sums;
      for (std::size_t i = 0; i < v.size(); ++i) sums.*kSums[i].sum += sign * v[i];
    });
  }

  soci::session& sql_;
  Grouping& grouping_;
  std::string few_;  // a condition, where that is less work than to read all groups
};

// A window from the start of a day to the start of another, as sums of spans: years, months, days; where most of a span is
// wanted, as the whole less the rest.
class Window {
 public:
  explicit Window(SumReader& reader) : reader_(reader) {}

  void add(std::size_t level, Instant from, Instant to, int sign) {
    if (from >= to) return;
    const char span = kSpans[level];
    if (span == 'd') return reader_.spans(span, from, to, sign);
    const Instant begin = start_of(span, from);
    const Instant first = begin == from ? from : after(span, begin), last = start_of(span, to);
    if (first > last) return add_part(level, from, to, sign);
    add_part(level, from, first, sign);
    reader_.spans(span, first, last, sign);
    add_part(level, last, to, sign);
  }

 private:
  // Within one span of `level`.
  void add_part(std::size_t level, Instant from, Instant to, int sign) {
    if (from >= to) return;
    const char span = kSpans[level];
    const Instant whole = start_of(span, from), next = after(span, whole);
    if (2 * (to - from) <= next - whole) return add(level + 1, from, to, sign);
    reader_.spans(span, whole, next, sign);
    add(level + 1, whole, from, -sign);
    add(level + 1, to, next, -sign);
  }

  SumReader& reader_;
};

BulkTable rollup_table() {
  BulkTable t{"rollups", {"span", "start_ms", "grp"}, {}, OnHeld::kAdd};
  for (const auto& c : kSums) t.columns.push_back(c.column);
  return t;
}

}  // namespace

void RollupDeltas::add(const JobRow& row, long long group) {
  const auto t = totals_of(row);
  for (const char span : kSpans) deltas_[{span, unix_ms(start_of(span, row.end)), group}] += t;
}

void RollupDeltas::remove(const JobRow& row, long long group) {
  const auto t = totals_of(row);
  for (const char span : kSpans) deltas_[{span, unix_ms(start_of(span, row.end)), group}] -= t;
}

void RollupDeltas::write(soci::session& sql) const {
  Bulk bulk(sql, rollup_table());
  for (const auto& [key, delta] : deltas_) {
    if (delta == Totals{}) continue;
    const auto& [span, start, group] = key;
    auto cell = bulk.next().begin();
    *cell++ = std::string_view(&span, 1);
    *cell++ = start;
    *cell++ = group;
    for (const auto& c : kSums) *cell++ = static_cast<long long>(delta.*c.sum);
  }
  bulk.flush();
}

void add_window(soci::session& sql, Interval when, Grouping& grouping) {
  SumReader reader(sql, grouping);
  const Instant day_from = std::chrono::ceil<days>(when.start), day_to = day_of(when.end);
  if (day_from >= day_to) return reader.jobs(when.start, when.end);
  reader.jobs(when.start, day_from);
  Window(reader).add(0, day_from, day_to, 1);
  reader.jobs(day_to, when.end);
}

void add_jobs(soci::session& sql, Interval when, Grouping& grouping) { SumReader(sql, grouping).jobs(when.start, when.end); }

void rebuild_rollups(soci::session& sql, Groups& groups) {
  constexpr long long kAtOnce = 20'000;  // job ids
  sql << "DELETE FROM rollups";
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
  soci::statement set = (sql.prepare << std::string("UPDATE jobs SET grp = :grp") + kWhereKey, use(group, "grp"),
                         use(k.job_id, "job_id"), use(k.restart, "restart_count"), use(k.cluster, "cluster"));
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
    deltas.write(sql);
  }
}

}  // namespace carbon::ledger

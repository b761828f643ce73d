// SPDX-License-Identifier: Apache-2.0
#include "ledger/reports/rollup_reader.h"

#include <unordered_map>

#include "ledger/store/database.h"
#include "ledger/store/rollups.h"

namespace carbon::ledger {
namespace {

using soci::into;
using std::chrono::days;

constexpr std::size_t kFewGroups = 300;

std::string between(Instant from, Instant to, const char* column) {
  return std::string(column) + " >= " + std::to_string(unix_ms(from)) + " AND " + column + " < " + std::to_string(unix_ms(to));
}

// Runs a query of a key and all sums, and calls f(sums) for each row, the key in `key`.
template <class Key, class F>
void each_sum(soci::session& sql, const std::string& query, Key& key, F f) {
  std::array<long long, kSums.size()> v{};
  soci::statement find(sql);
  find.exchange(into(key));
  for (auto& x : v) find.exchange(into(x));
  find.alloc();
  find.prepare(query);
  find.define_and_bind();
  each_row(find, [&] { f(v); });
}

void add(Totals& sums, const std::array<long long, kSums.size()>& v, int sign) {
  for (std::size_t i = 0; i < v.size(); ++i) sums.*kSums[i].sum += sign * v[i];
}

// Sums by group, added to or subtracted from the rows that the groups belong to.
class GroupSums {
 public:
  GroupSums(soci::session& sql, Grouping& grouping) : sql_(sql), grouping_(grouping) {
    if (grouping.all || grouping.groups.size() > kFewGroups) return;
    for (const auto g : grouping.groups) few_ += (few_.empty() ? " AND grp IN (" : ", ") + std::to_string(g);
    few_ += few_.empty() ? " AND 1 = 0" : ")";
  }

  void periods(char period, Instant from, Instant to, int sign) {
    const auto columns = "SELECT grp, " + sum_columns() + " FROM rollups WHERE span = '" + period + "' AND ";
    if (few_.empty()) return read(columns + between(from, to, "start_ms"), sign);
    // One start at a time: with a group it is a whole key.
    for (Instant t = from; t < to; t = period_after(period, t))
      read(columns + "start_ms = " + std::to_string(unix_ms(t)) + few_, sign);
  }

  void jobs(Instant from, Instant to) {
    if (from >= to) return;
    read("SELECT grp, " + sums_of_jobs() + " FROM jobs WHERE " + between(from, to, "end_ms") + few_ + " GROUP BY grp", 1);
  }

 private:
  void read(const std::string& query, int sign) {
    long long group = 0;
    each_sum(sql_, query, group, [&](const auto& v) {
      const auto at = static_cast<std::size_t>(group);
      const int row = at < grouping_.row_of.size() ? grouping_.row_of[at] : -1;
      if (row >= 0) add(grouping_.rows[static_cast<std::size_t>(row)].sums, v, sign);
    });
  }

  soci::session& sql_;
  Grouping& grouping_;
  std::string few_;  // a condition on the groups, where that is less work than reading all of them
};

// Sums over all jobs by one dimension.
class DimensionSums {
 public:
  DimensionSums(soci::session& sql, Dimension dimension) : sql_(sql), dimension_(dimension) {}

  void periods(char period, Instant from, Instant to, int sign) {
    read("SELECT name, " + sums_of_rollups() + " FROM property_rollups WHERE property = '" + std::string(to_string(dimension_)) +
             "' AND span = '" + period + "' AND " + between(from, to, "start_ms") + " GROUP BY name",
         sign);
  }
  void jobs(Instant from, Instant to) {
    if (from >= to) return;
    const std::string column = column_of(dimension_);
    read("SELECT " + column + ", " + sums_of_jobs() + " FROM jobs WHERE " + between(from, to, "end_ms") + " GROUP BY " + column,
         1);
  }
  std::vector<ReportRow> rows() && { return std::move(rows_); }

 private:
  void read(const std::string& query, int sign) {
    std::string name;
    each_sum(sql_, query, name, [&](const auto& v) {
      const auto [at, fresh] = row_of_.try_emplace(name, rows_.size());
      if (fresh) rows_.push_back({name, "", {}});
      add(rows_[at->second].sums, v, sign);
    });
  }

  soci::session& sql_;
  const Dimension dimension_;
  std::vector<ReportRow> rows_;
  std::unordered_map<std::string, std::size_t> row_of_;
};

// A window from the start of one day to the start of another as a sum of years, months and days; where the window covers most of
// a period, as the whole period less the rest.
template <class Sums>
class Window {
 public:
  explicit Window(Sums& sums) : sums_(sums) {}

  void add(std::size_t level, Instant from, Instant to, int sign) {
    if (from >= to) return;
    const char period = kPeriods[level];
    if (period == 'd') return sums_.periods(period, from, to, sign);
    const Instant begin = period_start(period, from);
    const Instant first = begin == from ? from : period_after(period, begin), last = period_start(period, to);
    if (first > last) return add_part(level, from, to, sign);
    add_part(level, from, first, sign);
    if (first < last) sums_.periods(period, first, last, sign);
    add_part(level, last, to, sign);
  }

 private:
  // Within one period of `level`.
  void add_part(std::size_t level, Instant from, Instant to, int sign) {
    if (from >= to) return;
    const char period = kPeriods[level];
    const Instant whole = period_start(period, from), next = period_after(period, whole);
    if (2 * (to - from) <= next - whole) return add(level + 1, from, to, sign);
    sums_.periods(period, whole, next, sign);
    add(level + 1, whole, from, -sign);
    add(level + 1, to, next, -sign);
  }

  Sums& sums_;
};

template <class Sums>
void add_up(Sums& sums, Interval when) {
  const Instant day_from = std::chrono::ceil<days>(when.start), day_to = period_start('d', when.end);
  if (day_from >= day_to) return sums.jobs(when.start, when.end);
  sums.jobs(when.start, day_from);
  Window(sums).add(0, day_from, day_to, 1);
  sums.jobs(day_to, when.end);
}

}  // namespace

void add_window(soci::session& sql, Interval when, Grouping& grouping) {
  GroupSums sums(sql, grouping);
  add_up(sums, when);
}

std::vector<ReportRow> sums_by(soci::session& sql, Dimension dimension, Interval when) {
  DimensionSums sums(sql, dimension);
  add_up(sums, when);
  return std::move(sums).rows();
}

}  // namespace carbon::ledger

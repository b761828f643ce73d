// SPDX-License-Identifier: Apache-2.0
#include "ledger/reports/report.h"

#include <algorithm>
#include <deque>
#include <tuple>

#include "ledger/reports/grouping.h"
#include "ledger/reports/rollup_reader.h"
#include "ledger/rows/job_row.h"
#include "ledger/store/database.h"

namespace carbon::ledger {
namespace {

using soci::use;

// Whether the query is for the jobs of all users, and involves one dimension only.
bool uses_one_dimension(const ReportQuery& q) {
  return !q.then_by && !q.visible &&
         std::all_of(q.only.begin(), q.only.end(), [&](const auto& filter) { return filter.dimension == q.group_by; });
}

std::vector<ReportRow> filtered(std::vector<ReportRow> rows, const std::vector<ReportFilter>& only) {
  for (const auto& filter : only)
    std::erase_if(
        rows, [&](const auto& r) { return std::find(filter.values.begin(), filter.values.end(), r.key) == filter.values.end(); });
  return rows;
}

std::vector<ReportRow> sorted(std::vector<ReportRow> rows) {
  std::erase_if(rows, [](const auto& r) { return r.sums.jobs == 0; });
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return std::tie(b.sums.co2e_ug, a.key, a.then_key) < std::tie(a.sums.co2e_ug, b.key, b.then_key);
  });
  return rows;
}

// A JobQuery as a condition with its bound values.
class Conditions {
 public:
  explicit Conditions(const JobQuery& q) {
    numbers("job_id", q.job_ids);
    if (q.start) also("end_ms >= " + std::to_string(unix_ms(*q.start)));
    if (q.end) also("start_ms < " + std::to_string(unix_ms(*q.end)));
    for (const auto& filter : q.only) also(in(column_of(filter.dimension), filter.values));
    if (q.visible) {
      const auto own = in("user_name", {q.visible->user});
      const auto coordinated = in("account", q.visible->accounts);
      also("(" + own + " OR " + coordinated + ")");
    }
  }
  const std::string& text() const { return text_; }
  void bind(soci::statement& s) const {
    for (const auto& v : values_) s.exchange(use(v));
  }

 private:
  void also(const std::string& condition) { text_ += (text_.empty() ? " WHERE " : " AND ") + condition; }
  std::string in(const char* column, const std::vector<std::string>& values) {
    std::string list;
    for (const auto& v : values) {
      list += (list.empty() ? ":v" : ", :v") + std::to_string(values_.size());
      values_.push_back(v);
    }
    return list.empty() ? "1 = 0" : std::string(column) + " IN (" + list + ")";
  }
  void numbers(const char* column, const std::vector<std::uint32_t>& ids) {
    std::string list;
    for (const auto id : ids) list += (list.empty() ? "" : ", ") + std::to_string(id);
    if (!list.empty()) also(std::string(column) + " IN (" + list + ")");
  }

  std::string text_;
  std::deque<std::string> values_;  // bound by address
};

}  // namespace

Result<std::vector<ReportRow>> run_report(Store& store, const ReportQuery& query) {
  return store.database().read([&](soci::session& sql) -> Result<std::vector<ReportRow>> {
    const soci::transaction one_view(sql);  // all parts of the window as of one moment
    if (uses_one_dimension(query)) return sorted(filtered(sums_by(sql, query.group_by, query.when), query.only));
    auto grouping = grouping_of(sql, store.groups(), query);
    add_window(sql, query.when, grouping);
    return sorted(std::move(grouping.rows));
  });
}

Result<std::vector<JobRow>> find_jobs(Store& store, const JobQuery& query) {
  return store.database().read([&](soci::session& sql) -> Result<std::vector<JobRow>> {
    const Conditions where(query);
    BoundJob bound;
    soci::statement find(sql);
    bound.bind_into(find);
    where.bind(find);
    find.alloc();
    find.prepare("SELECT " + job_columns() + " FROM jobs" + where.text() + " ORDER BY " +
                 (query.greatest_first ? "co2e_ug DESC, " : "") + "start_ms, job_id, restart_count LIMIT " +
                 std::to_string(query.limit));
    find.define_and_bind();
    std::vector<JobRow> out;
    each_row(find, [&] { out.push_back(bound.row()); });
    return out;
  });
}

}  // namespace carbon::ledger

// SPDX-License-Identifier: Apache-2.0
#include "ledger/reports/report.h"

#include <algorithm>
#include <deque>
#include <map>
#include <tuple>

#include "ledger/reports/grouping.h"
#include "ledger/reports/rollup_reader.h"
#include "ledger/rows/job_row.h"
#include "ledger/store/database.h"
#include "ledger/store/unrecorded_jobs.h"

namespace carbon::ledger {
namespace {

using soci::into;
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
  std::erase_if(rows, [](const auto& r) { return r.sums.jobs == 0 && (!r.unrecorded || r.unrecorded->jobs == 0); });
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return std::tie(b.sums.co2e_ug, a.key, a.then_key) < std::tie(a.sums.co2e_ug, b.key, b.then_key);
  });
  return rows;
}

// A query as a condition on rows of jobs, or of unrecorded_jobs, with its bound values.
class Conditions {
 public:
  explicit Conditions(const JobQuery& q) {
    numbers("job_id", q.job_ids);
    if (q.start) also("end_ms >= " + std::to_string(unix_ms(*q.start)));
    if (q.end) also("start_ms < " + std::to_string(unix_ms(*q.end)));
    filters(q.only, q.visible);
  }
  explicit Conditions(const ReportQuery& q) {
    also("end_ms >= " + std::to_string(unix_ms(q.when.start)));
    also("end_ms < " + std::to_string(unix_ms(q.when.end)));
    filters(q.only, q.visible);
  }
  const std::string& text() const { return text_; }
  void bind(soci::statement& s) const {
    for (const auto& v : values_) s.exchange(use(v));
  }

 private:
  void filters(const std::vector<ReportFilter>& only, const std::optional<Scope>& visible) {
    for (const auto& filter : only) also(in(column_of(filter.dimension), filter.values));
    if (!visible) return;
    const auto own = in("user_name", {visible->user});
    const auto coordinated = in("account", visible->accounts);
    also("(" + own + " OR " + coordinated + ")");
  }
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

bool compared_with_slurm(soci::session& sql, Interval when) {
  const auto compared = compared_interval(sql);
  return compared && compared->start < when.end && when.start < compared->end;
}

// Also adds rows of whose jobs no record came at all.
void add_unrecorded(soci::session& sql, const ReportQuery& query, std::vector<ReportRow>& rows) {
  if (!compared_with_slurm(sql, query.when)) return;
  std::map<std::pair<std::string, std::string>, std::size_t> row_of;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].unrecorded.emplace();
    row_of[{rows[i].key, rows[i].then_key}] = i;
  }
  const Conditions where(query);
  const std::string by = column_of(query.group_by), then_by = query.then_by ? column_of(*query.then_by) : "''";
  std::string key, then_key;
  long long jobs = 0, known = 0, gpu_ms = 0;
  soci::statement find(sql);
  find.exchange(into(key));
  find.exchange(into(then_key));
  for (auto* number : {&jobs, &known, &gpu_ms}) find.exchange(into(*number));
  where.bind(find);
  find.alloc();
  find.prepare("SELECT " + by + ", " + then_by + ", COUNT(*), COUNT(gpu_ms), COALESCE(SUM(gpu_ms), 0) FROM unrecorded_jobs" +
               where.text() + " AND NOT " + kSeen + " GROUP BY " + by + (query.then_by ? ", " + then_by : ""));
  find.define_and_bind();
  each_row(find, [&] {
    const auto [at, fresh] = row_of.try_emplace({key, then_key}, rows.size());
    if (fresh) rows.push_back({key, then_key, {}, {}});
    rows[at->second].unrecorded = UnrecordedSums{jobs, known == jobs ? std::optional<std::int64_t>(gpu_ms) : std::nullopt};
  });
}

std::vector<ReportRow> sums_of(soci::session& sql, Store& store, const ReportQuery& query) {
  if (uses_one_dimension(query)) return filtered(sums_by(sql, query.group_by, query.when), query.only);
  auto grouping = grouping_of(sql, store.groups(), query);
  add_window(sql, query.when, grouping);
  return std::move(grouping.rows);
}

}  // namespace

UnrecordedSums& UnrecordedSums::operator+=(const UnrecordedSums& o) {
  jobs += o.jobs;
  gpu_ms = gpu_ms && o.gpu_ms ? std::optional(*gpu_ms + *o.gpu_ms) : std::nullopt;
  return *this;
}

ReportRow& ReportRow::operator+=(const ReportRow& o) {
  sums += o.sums;
  if (o.unrecorded) unrecorded = unrecorded.value_or(UnrecordedSums{}) += *o.unrecorded;
  return *this;
}

Result<std::vector<ReportRow>> run_report(Store& store, const ReportQuery& query) {
  return store.database().read([&](soci::session& sql) -> Result<std::vector<ReportRow>> {
    const soci::transaction one_view(sql);  // all parts of the window as of one moment
    auto rows = sums_of(sql, store, query);
    add_unrecorded(sql, query, rows);
    return sorted(std::move(rows));
  });
}

Result<ReportRow> run_total(Store& store, ReportQuery query) {
  query.group_by = Dimension::kCluster;
  query.then_by.reset();
  return store.database().read([&](soci::session& sql) -> Result<ReportRow> {
    const soci::transaction one_view(sql);
    auto rows = sums_of(sql, store, query);
    add_unrecorded(sql, query, rows);
    ReportRow total;
    if (compared_with_slurm(sql, query.when)) total.unrecorded.emplace();
    for (const auto& row : rows) total += row;
    return total;
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

// SPDX-License-Identifier: Apache-2.0
// The queries behind `scarbon jobs` and `scarbon report`.
#include <algorithm>
#include <array>
#include <map>

#include "ledger/job_row.h"
#include "ledger/store_impl.h"

namespace carbon::ledger {
namespace {

using soci::into;
using soci::use;

struct ByColumn {
  ReportBy by;
  std::string_view name;    // as the user writes it
  std::string_view column;  // in jobs and in rollups
};
constexpr std::array<ByColumn, 5> kBy{{{ReportBy::kUser, "user", "user_name"},
                                       {ReportBy::kAccount, "account", "account"},
                                       {ReportBy::kPartition, "partition", "part"},
                                       {ReportBy::kSite, "site", "site"},
                                       {ReportBy::kCluster, "cluster", "cluster"}}};

const ByColumn& entry(ReportBy by) { return kBy[static_cast<std::size_t>(by)]; }

// Totals by key, summed over several queries.
class Sums {
 public:
  Sums(soci::session& sql, const ReportQuery& query) : sql_(sql), query_(query) {}

  void add_rollups(const std::string& span, Instant from, Instant to) {
    add(" FROM rollups WHERE span = '" + span + "' AND start_ms >= :from AND start_ms < :to",
        "SUM(jobs), SUM(elapsed_ms), SUM(energy_mj), SUM(covered_mj), SUM(co2e_ug), SUM(compared_jobs), SUM(counterfactual_ug),"
        " SUM(compared_ug), SUM(held_idle_ms), SUM(simulated_jobs)",
        from, to);
  }

  void add_jobs(Instant from, Instant to) {
    const std::string compared =
        "mode NOT IN ('', 'off', 'observe') AND counterfactual_ug IS NOT NULL AND method IS NOT NULL AND covered_mj >= energy_mj";
    add(" FROM jobs WHERE end_ms >= :from AND end_ms < :to",
        "COUNT(*), SUM(end_ms - start_ms), SUM(energy_mj), SUM(covered_mj), SUM(co2e_ug),"
        " SUM(CASE WHEN " +
            compared + " THEN 1 ELSE 0 END), SUM(CASE WHEN " + compared +
            " THEN counterfactual_ug ELSE 0 END),"
            " SUM(CASE WHEN " +
            compared + " THEN co2e_ug ELSE 0 END), SUM(COALESCE(held_idle_ms, 0)), SUM(simulated)",
        from, to);
  }

  std::vector<ReportRow> rows() const {
    std::vector<ReportRow> out;
    for (const auto& [key, sums] : sums_) {
      if (sums.jobs > 0) out.push_back({key, sums});
    }
    std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.sums.co2e_ug > b.sums.co2e_ug; });
    return out;
  }

 private:
  void add(const std::string& source, const std::string& columns, Instant from, Instant to) {
    if (from >= to) return;
    const long long first = unix_ms(from), last = unix_ms(to);
    const std::string user = query_.user.value_or("");
    const std::string column(entry(query_.by).column);
    std::string key;
    std::array<long long, 10> v{};
    soci::statement find(sql_);
    find.exchange(into(key));
    for (auto& x : v) find.exchange(into(x));
    find.exchange(use(first, "from"));
    find.exchange(use(last, "to"));
    if (query_.user) find.exchange(use(user, "user"));
    find.alloc();
    find.prepare("SELECT " + column + ", " + columns + source + (query_.user ? " AND user_name = :user" : "") + " GROUP BY " +
                 column);
    find.define_and_bind();
    each_row(find, [&] { sums_[key] += {v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]}; });
  }

  soci::session& sql_;
  const ReportQuery& query_;
  std::map<std::string, Totals> sums_;
};

Instant next_day(Instant t) { return std::chrono::ceil<std::chrono::days>(t); }
Instant this_day(Instant t) { return std::chrono::floor<std::chrono::days>(t); }

Instant this_month(Instant t) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(t));
  return std::chrono::sys_days(date.year() / date.month() / 1);
}

Instant next_month(Instant t) {
  const Instant first = this_month(t);
  if (first == t) return t;
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(t));
  return std::chrono::sys_days((date.year() / date.month() + std::chrono::months(1)) / 1);
}

// [start, end) as whole months, whole days around them, and single jobs at the two edges.
void add_window(Sums& sums, Interval when) {
  const Instant day_from = next_day(when.start), day_to = this_day(when.end);
  if (day_from >= day_to) return sums.add_jobs(when.start, when.end);
  sums.add_jobs(when.start, day_from);
  sums.add_jobs(day_to, when.end);
  const Instant month_from = next_month(day_from), month_to = this_month(day_to);
  if (month_from >= month_to) return sums.add_rollups("d", day_from, day_to);
  sums.add_rollups("d", day_from, month_from);
  sums.add_rollups("m", month_from, month_to);
  sums.add_rollups("d", month_to, day_to);
}

// The conditions of a JobQuery with their bound values.
struct Conditions {
  explicit Conditions(const JobQuery& q)
      : user(q.user.value_or("")),
        uid(q.uid.value_or(0)),
        start(q.start ? unix_ms(*q.start) : 0),
        end(q.end ? unix_ms(*q.end) : 0),
        limit(static_cast<long long>(q.limit)) {
    const auto also = [this](const std::string& condition) { text += (text.empty() ? " WHERE " : " AND ") + condition; };
    if (!q.job_ids.empty()) {
      std::string list;
      for (const auto id : q.job_ids) list += (list.empty() ? "" : ", ") + std::to_string(id);
      also("job_id IN (" + list + ")");
    }
    if (q.user) also("user_name = :user");
    if (q.uid) also("uid = :uid");
    if (q.start) also("end_ms >= :start");
    if (q.end) also("start_ms < :end");
  }
  std::string text;
  std::string user;
  long long uid, start, end, limit;
};

}  // namespace

std::string_view to_string(ReportBy by) { return entry(by).name; }

Result<ReportBy> parse_report_by(std::string_view text) {
  for (const auto& e : kBy) {
    if (text == e.name) return e.by;
  }
  return Error{"by = '" + std::string(text) + "'; accepted: " + std::string(kReportBys)};
}

Result<std::vector<ReportRow>> Store::report(const ReportQuery& query) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::vector<ReportRow>> {
    const soci::transaction one_view(sql);  // the parts of the window as of one moment
    Sums sums(sql, query);
    add_window(sums, query.when);
    return sums.rows();
  });
}

Result<std::vector<ReportRow>> Store::report_by_scan(const ReportQuery& query) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::vector<ReportRow>> {
    Sums sums(sql, query);
    sums.add_jobs(query.when.start, query.when.end);
    return sums.rows();
  });
}

Result<std::vector<JobRow>> Store::jobs(const JobQuery& query) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::vector<JobRow>> {
    const Conditions where(query);
    JobRow row;
    soci::statement find(sql);
    find.exchange(into(row));
    if (query.user) find.exchange(use(where.user, "user"));
    if (query.uid) find.exchange(use(where.uid, "uid"));
    if (query.start) find.exchange(use(where.start, "start"));
    if (query.end) find.exchange(use(where.end, "end"));
    find.exchange(use(where.limit, "limit"));
    find.alloc();
    find.prepare(std::string("SELECT ") + kJobColumns + " FROM jobs" + where.text +
                 " ORDER BY start_ms, job_id, restart_count LIMIT :limit");
    find.define_and_bind();
    std::vector<JobRow> out;
    each_row(find, [&] { out.push_back(row); });
    return out;
  });
}

}  // namespace carbon::ledger

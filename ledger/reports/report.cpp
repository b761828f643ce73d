// SPDX-License-Identifier: Apache-2.0
// The queries behind `scarbon jobs` and `scarbon report`.
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <deque>
#include <tuple>

#include "ledger/reports/rollup_reader.h"
#include "ledger/store/job_row.h"
#include "ledger/store/store_impl.h"

namespace carbon::ledger {
namespace {

using soci::use;

struct Property {
  std::string_view name;  // as the user writes it
  const char* column;     // in jobs
};
// In the order of Dimension.
constexpr std::array<Property, 8> kProperties{{{"user", "user_name"},
                                               {"account", "account"},
                                               {"partition", "part"},
                                               {"site", "site"},
                                               {"cluster", "cluster"},
                                               {"qos", "qos"},
                                               {"wckey", "wckey"},
                                               {"state", "state"}}};
const Property& property(Dimension by) { return kProperties[static_cast<std::size_t>(by)]; }

// Whether it asks for the jobs of everybody by one property, and for no other.
bool of_all_by_one(const ReportQuery& q) {
  return !q.user && !q.within && !q.visible &&
         std::all_of(q.only.begin(), q.only.end(), [&](const auto& filter) { return filter.by == q.by; });
}

std::vector<ReportRow> wanted(std::vector<ReportRow> rows, const std::vector<ReportFilter>& only) {
  for (const auto& filter : only)
    std::erase_if(
        rows, [&](const auto& r) { return std::find(filter.values.begin(), filter.values.end(), r.key) == filter.values.end(); });
  return rows;
}

std::vector<ReportRow> sorted(std::vector<ReportRow> rows) {
  std::erase_if(rows, [](const auto& r) { return r.sums.jobs == 0; });
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return std::tie(b.sums.co2e_ug, a.key, a.within) < std::tie(a.sums.co2e_ug, b.key, b.within);
  });
  return rows;
}

// A JobQuery as a condition with its bound values.
class Conditions {
 public:
  explicit Conditions(const JobQuery& q) {
    numbers("job_id", q.job_ids);
    numbers("array_job", q.arrays);
    if (q.user) texts("user_name", {*q.user});
    if (q.uid) also("uid = " + std::to_string(*q.uid));
    if (q.start) also("end_ms >= " + std::to_string(unix_ms(*q.start)));
    if (q.end) also("start_ms < " + std::to_string(unix_ms(*q.end)));
    for (const auto& filter : q.only) texts(column_of(filter.by), filter.values);
    if (q.visible) {
      const auto own = in("user_name", {q.visible->user});
      const auto led = in("account", q.visible->accounts);
      also("(" + own + " OR " + led + ")");
    }
  }
  const std::string& text() const { return text_; }
  void bind(soci::statement& s) const {
    for (const auto& v : values_) s.exchange(use(v));
  }

 private:
  void also(const std::string& condition) { text_ += (text_.empty() ? " WHERE " : " AND ") + condition; }
  void texts(const char* column, const std::vector<std::string>& values) { also(in(column, values)); }
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
  std::deque<std::string> values_;  // their places do not move
};

bool like(const std::optional<std::string>& pattern, const std::string& text) {
  return !pattern || ::fnmatch(pattern->c_str(), text.c_str(), 0) == 0;
}

}  // namespace

std::string_view to_string(Dimension by) { return property(by).name; }
const char* column_of(Dimension by) { return property(by).column; }

Result<Dimension> parse_dimension(std::string_view text) {
  for (std::size_t i = 0; i < kProperties.size(); ++i) {
    if (text == kProperties[i].name) return static_cast<Dimension>(i);
  }
  return Error{"by = '" + std::string(text) + "'; accepted: " + std::string(kReportBys)};
}

Result<std::vector<ReportRow>> Store::report(const ReportQuery& query) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::vector<ReportRow>> {
    const soci::transaction one_view(sql);  // the parts of the window as of one moment
    if (of_all_by_one(query)) return sorted(wanted(sums_by(sql, query.by, query.when), query.only));
    auto grouping = impl_->groups.grouping(sql, query);
    add_window(sql, query.when, grouping);
    return sorted(std::move(grouping.rows));
  });
}

Result<std::vector<ReportRow>> Store::report_by_scan(const ReportQuery& query) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::vector<ReportRow>> {
    auto grouping = impl_->groups.grouping(sql, query);
    add_jobs(sql, query.when, grouping);
    return sorted(std::move(grouping.rows));
  });
}

Result<std::vector<JobRow>> Store::jobs(const JobQuery& query) {
  return impl_->db->read([&](soci::session& sql) -> Result<std::vector<JobRow>> {
    const Conditions where(query);
    const bool patterns = query.name || query.comment;
    BoundJob bound;
    soci::statement find(sql);
    bound.bind_into(find);
    where.bind(find);
    find.alloc();
    find.prepare("SELECT " + job_columns() + " FROM jobs" + where.text() + " ORDER BY " +
                 (query.greatest_first ? "co2e_ug DESC, " : "") + "start_ms, job_id, restart_count" +
                 (patterns ? "" : " LIMIT " + std::to_string(query.limit)));
    find.define_and_bind();
    std::vector<JobRow> out;
    each_row(find, [&] {
      if (out.size() >= query.limit) return;
      auto row = bound.row();
      if (like(query.name, row.details.name) && like(query.comment, row.details.comment)) out.push_back(std::move(row));
    });
    return out;
  });
}

}  // namespace carbon::ledger

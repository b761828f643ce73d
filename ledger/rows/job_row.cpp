// SPDX-License-Identifier: Apache-2.0
#include "ledger/rows/job_row.h"

#include <algorithm>
#include <type_traits>
namespace carbon::ledger {
namespace {

using Pair = std::pair<std::uint32_t, std::uint32_t>;

// The one list of columns, each with its member of JobRow. A pair takes two columns.
template <class Row, class Group, class F>
void each_column(Row& r, Group& group, F f) {
  f("job_id", r.key.job_id);
  f("restart_count", r.key.restart);
  f("cluster", r.key.cluster);
  f("run_ms", r.key.run);
  f("grp", group);
  f("uid", r.uid);
  f("user_name", r.user);
  f("account", r.account);
  f("part", r.partition);
  f("site", r.site);
  f("start_ms", r.start);
  f("end_ms", r.end);
  f("submit_ms", r.details.submit);
  f("mode", r.details.mode);
  f("home", r.details.home);
  f("turn_ms", r.details.turn);
  f("planned_ms", r.details.planned);
  f("data_gb", r.details.data_gb);
  f("interrupted", r.details.interrupted);
  f("job_name", r.details.name);
  f("state", r.details.state);
  f("exit_code", r.details.exit_code);
  f("qos", r.details.qos);
  f("wckey", r.details.wckey);
  f("job_comment", r.details.comment);
  f("array_job", r.details.array, &Pair::first);
  f("array_index", r.details.array, &Pair::second);
  f("het_job", r.details.het, &Pair::first);
  f("het_offset", r.details.het, &Pair::second);
  f("kept_from_ms", r.details.kept_from);
  f("kept_to_ms", r.details.kept_to);
  f("nodes", r.nodes);
  f("nodes_expected", r.nodes_expected);
  f("complete", r.complete);
  f("note", r.note);
  f("energy_mj", r.energy_mj);
  f("gpu_mj", r.gpu_mj);
  f("cpu_mj", r.cpu_mj);
  f("gpu_ms", r.gpu_ms);
  f("held_idle_ms", r.allocated_idle_ms);
  f("held_idle_mj", r.allocated_idle_mj);
  f("uncertainty_mj", r.uncertainty_mj);
  f("estimated_mj", r.estimated_mj);
  f("method", r.method);
  f("pue", r.pue);
  f("home_site", r.home_site);
  f("home_pue", r.home_pue);
  f("transfer_kwh_per_gb", r.transfer_kwh_per_gb);
  f("powers_down", r.powers_down);
  f("home_powers_down", r.home_powers_down);
  f("summary", r.summary);
  // The emission: what a restatement changes.
  f("simulated", r.simulated);
  f("covered_mj", r.covered_mj);
  f("co2e_ug", r.co2e_ug);
  f("transfer_ug", r.transfer_ug);
  f("counterfactual_ug", r.counterfactual_ug);
  f("intensity", r.intensity);
  f("kinds", r.kinds);
  f("provider", r.provider);
  f("restated", r.restated);
}

// --- from values to cells

template <class T>
concept Number = std::is_integral_v<T> || std::is_enum_v<T>;

template <Number T>
void store(Cell& c, T value) {
  c.number = static_cast<long long>(value);
}
void store(Cell& c, double value) {
  c.kind = Cell::Kind::kReal;
  c.real = value;
}
void store(Cell& c, const std::string& value) { c = std::string_view(value); }
void store(Cell& c, Instant value) { c.number = unix_ms(value); }
template <class T>
void store(Cell& c, const std::optional<T>& value) {
  c.known = value ? soci::i_ok : soci::i_null;
  store(c, value.value_or(T{}));
}
void store(Cell& c, const std::optional<Pair>& value, std::uint32_t Pair::*part) {
  c.known = value ? soci::i_ok : soci::i_null;
  store(c, value ? (*value).*part : 0u);
}

// --- from cells to values

template <Number T>
void load(const Cell& c, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    value = c.number != 0;
  } else {
    value = static_cast<T>(c.number);
  }
}
void load(const Cell& c, double& value) { value = c.real; }
void load(const Cell& c, std::string& value) { value = c.text; }
void load(const Cell& c, Instant& value) { value = from_unix_ms(c.number); }
template <class T>
void load(const Cell& c, std::optional<T>& value) {
  value.reset();
  if (c.known == soci::i_ok) load(c, value.emplace());
}
void load(const Cell& c, std::optional<Pair>& value, std::uint32_t Pair::*part) {
  if (c.known != soci::i_ok) return;
  if (!value) value.emplace();
  load(c, (*value).*part);
}

constexpr std::ptrdiff_t kKeyColumns = 4;

const std::vector<std::string>& column_names() {
  static const auto names = [] {
    std::vector<std::string> out;
    const JobRow row;
    const long long group = 0;
    each_column(row, group, [&](const char* column, const auto&...) { out.push_back(column); });
    return out;
  }();
  return names;
}

std::ptrdiff_t emission_begin() {
  const auto& all = column_names();
  static const auto at = std::find(all.begin(), all.end(), "simulated") - all.begin();
  return at;
}

}  // namespace

BoundJob::BoundJob() : cells_(column_names().size()) { store(JobRow{}, 0, cells_); }

void store(const JobRow& row, long long group, std::span<Cell> cells) {
  const bool whole = cells.size() == column_names().size();
  std::ptrdiff_t column = 0;
  std::size_t i = 0;
  each_column(row, group, [&](const char*, const auto&... value) {
    const auto at = column++;
    if (!whole && at >= kKeyColumns && at < emission_begin()) return;
    auto& cell = cells[i++];
    cell.known = soci::i_ok;
    store(cell, value...);
  });
}

JobRow BoundJob::row() const {
  JobRow row;
  long long group = 0;
  std::size_t i = 0;
  each_column(row, group, [&](const char*, auto&&... value) { load(cells_[i++], value...); });
  return row;
}

void BoundJob::bind_into(soci::statement& statement) {
  for (auto& c : cells_) {
    switch (c.kind) {
      case Cell::Kind::kNumber: statement.exchange(soci::into(c.number, c.known)); break;
      case Cell::Kind::kReal: statement.exchange(soci::into(c.real, c.known)); break;
      case Cell::Kind::kText: statement.exchange(soci::into(c.text, c.known)); break;
    }
  }
}

BulkTable job_table(bool whole) {
  const auto& all = column_names();
  const auto begin = all.begin();
  return {"jobs",
          {begin, begin + kKeyColumns},
          {begin + (whole ? kKeyColumns : emission_begin()), all.end()},
          whole ? OnConflict::kUpdate : OnConflict::kOnlyUpdate};
}

// The widths are those of schema.cpp, where they count characters.
JobRow fitted(JobRow row) {
  const auto fit = [](std::size_t width, std::initializer_list<std::string*> texts) {
    for (auto* text : texts) *text = cut(valid_utf8(std::move(*text)), width);
  };
  auto& d = row.details;
  fit(16, {&d.exit_code});
  fit(32, {&d.mode, &d.state});
  fit(128, {&row.user, &row.account, &row.partition, &row.site, &d.home, &d.qos, &d.wckey});
  fit(255, {&d.name, &row.provider});
  fit(1024, {&row.note, &d.comment, &row.summary});
  return row;
}

bool same_but_emission(const JobRow& a, JobRow b) {
  b.simulated = a.simulated;
  b.covered_mj = a.covered_mj;
  b.co2e_ug = a.co2e_ug;
  b.transfer_ug = a.transfer_ug;
  b.counterfactual_ug = a.counterfactual_ug;
  b.intensity = a.intensity;
  b.kinds = a.kinds;
  b.provider = a.provider;
  b.restated = a.restated;
  return a == b;
}

const std::string& job_columns() {
  static const auto text = [] {
    std::string out;
    for (const auto& name : column_names()) out += (out.empty() ? "" : ", ") + name;
    return out;
  }();
  return text;
}

}  // namespace carbon::ledger

// SPDX-License-Identifier: Apache-2.0
#include "scarbon/reports/report_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "scarbon/controller_client.h"
#include "scarbon/texts.h"

namespace carbon::scarbon {
namespace {

using nlohmann::json;

std::string capitalised(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::optional<double> share_of(std::optional<double> part, std::optional<double> whole) {
  return part && whole && *whole > 0 ? std::optional(*part / *whole) : std::nullopt;
}

std::string hours(const json& row, const char* key) {
  const auto seconds = number_at(row, key);
  return figure(seconds ? std::optional(*seconds / 3600) : std::nullopt);
}

std::string count(const json& row, const char* key) {
  const auto number = number_at(row, key);
  return number ? fmt::format("{:.0f}", *number) : "";
}

std::vector<std::string> sums_cells(const std::string& name, const json& row, std::optional<double> all_grams) {
  return {name,
          count(row, "jobs"),
          hours(row, "gpu_s"),
          figure(number_at(row, "energy_kwh")),
          figure(number_at(row, "co2e_g")),
          percent(share_of(number_at(row, "co2e_g"), all_grams)),
          figure(number_at(row, "saved_g")),
          percent(number_at(row, "coverage")),
          figure(number_at(row, "estimated_kwh")),
          count(row, "incomplete_jobs"),
          count(row, "unmetered_jobs"),
          count(row, "unrecorded_jobs"),
          hours(row, "unrecorded_gpu_s")};
}

// Sums of all numbers that can be added up, of those rows that have them; coverage is that of all the energy.
json added(const json& rows, std::size_t from) {
  json sum = json::object();
  double covered = 0;
  for (std::size_t i = from; i < rows.size(); ++i) {
    covered += number_at(rows[i], "coverage").value_or(0) * number_at(rows[i], "energy_kwh").value_or(0);
    for (const auto& [key, value] : rows[i].items()) {
      if (value.is_number() && key != "coverage") sum[key] = sum.value(key, 0.0) + value.get<double>();
    }
  }
  const auto energy = number_at(sum, "energy_kwh").value_or(0);
  if (energy > 0) sum["coverage"] = covered / energy;
  return sum;
}

// Job states of slurmdbd, and their fields in a report.
constexpr std::array<std::pair<const char*, const char*>, 9> kWaste{{{"FAILED", "failed_g"},
                                                                     {"CANCELLED", "cancelled_g"},
                                                                     {"TIMEOUT", "timeout_g"},
                                                                     {"DEADLINE", "timeout_g"},
                                                                     {"REQUEUED", "requeued_g"},
                                                                     {"PREEMPTED", "requeued_g"},
                                                                     {"NODE_FAIL", "other_g"},
                                                                     {"BOOT_FAIL", "other_g"},
                                                                     {"OUT_OF_MEMORY", "other_g"}}};

}  // namespace

Table sums_table(const json& answer, std::size_t top) {
  Table table{{capitalised(text_at(answer, "by")), "Jobs", "GpuHours", "EnergyKWh", "Co2eG", "Share%", "SavedCo2eG", "Coverage%",
               "EstimatedKWh", "Incomplete", "Unmetered", "Unrecorded", "UnrecordedGpuHours"},
              {-16, 8, 9, 10, 10, 7, 10, 9, 12, 10, 9, 10, 18},
              {}};
  const auto rows = answer.value("rows", json::array());
  const auto total = answer.value("total", json::object());
  const auto all_grams = number_at(total, "co2e_g");
  const auto shown = top == 0 ? rows.size() : std::min(top, rows.size());
  for (std::size_t i = 0; i < shown; ++i) table.rows.push_back(sums_cells(text_at(rows[i], "key"), rows[i], all_grams));
  if (shown < rows.size()) table.rows.push_back(sums_cells("(others)", added(rows, shown), all_grams));
  if (rows.size() > 1) table.rows.push_back(sums_cells("(all)", total, all_grams));
  return table;
}

json waste_rows(const json& answer) {
  std::map<std::string, json> by_key;
  for (const auto& row : answer.value("rows", json::array())) {
    auto& sum = by_key[text_at(row, "key")];
    if (sum.is_null())
      sum = {{"key", text_at(row, "key")}, {"co2e_g", 0.0},     {"failed_g", 0.0}, {"cancelled_g", 0.0},
             {"timeout_g", 0.0},           {"requeued_g", 0.0}, {"other_g", 0.0},  {"wasted_g", 0.0}};
    const auto add = [&sum](const char* key, double value) { sum[key] = sum.value(key, 0.0) + value; };
    const double grams = number_at(row, "co2e_g").value_or(0);
    add("co2e_g", grams);
    for (const auto* key : {"gpu_s", "allocated_idle_gpu_s", "idle_known_gpu_s"}) {
      if (const auto seconds = number_at(row, key)) add(key, *seconds);
    }
    for (const auto& [state, key] : kWaste) {
      if (text_at(row, "then_by") != state) continue;
      add(key, grams);
      add("wasted_g", grams);
    }
  }
  json rows = json::array();
  for (auto& [key, row] : by_key) rows.push_back(std::move(row));
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a["wasted_g"] > b["wasted_g"]; });
  return rows;
}

Table waste_table(const json& answer, std::size_t top) {
  Table table{{capitalised(text_at(answer, "by")), "Co2eG", "WastedG", "Wasted%", "FailedG", "CancelledG", "TimedOutG",
               "RequeuedG", "OtherG", "GpuHours", "IdleGpuHours", "Idle%"},
              {-16, 10, 9, 7, 9, 10, 9, 9, 9, 9, 12, 6},
              {}};
  const auto cells = [](const std::string& name, const json& row) -> std::vector<std::string> {
    const auto cell = [&row](const char* key) { return figure(number_at(row, key)); };
    return {name,
            cell("co2e_g"),
            cell("wasted_g"),
            percent(share_of(number_at(row, "wasted_g"), number_at(row, "co2e_g"))),
            cell("failed_g"),
            cell("cancelled_g"),
            cell("timeout_g"),
            cell("requeued_g"),
            cell("other_g"),
            hours(row, "gpu_s"),
            hours(row, "allocated_idle_gpu_s"),
            percent(share_of(number_at(row, "allocated_idle_gpu_s"), number_at(row, "idle_known_gpu_s")))};
  };
  const auto rows = waste_rows(answer);
  const auto shown = top == 0 ? rows.size() : std::min(top, rows.size());
  for (std::size_t i = 0; i < shown; ++i) table.rows.push_back(cells(text_at(rows[i], "key"), rows[i]));
  if (shown < rows.size()) table.rows.push_back(cells("(others)", added(rows, shown)));
  if (rows.size() > 1) table.rows.push_back(cells("(all)", added(rows, 0)));
  return table;
}

std::vector<std::string> gap_lines(const json& answer) {
  const auto total = answer.value("total", json::object());
  const auto number = [&total](const char* key) { return number_at(total, key).value_or(0); };
  const auto whole = [&total](const char* key) { return count(total, key); };
  std::vector<std::string> lines;
  if (number("unrecorded_jobs") > 0)
    lines.push_back(trf("{} jobs are in no sum: Slurm's accounting has them, but no record came ({} GPU-hours).",
                        whole("unrecorded_jobs"), hours(total, "unrecorded_gpu_s")));
  if (number("incomplete_jobs") > 0)
    lines.push_back(trf("{} jobs are incomplete: records of {} nodes are missing, so their energy and emissions are too low.",
                        whole("incomplete_jobs"), whole("missing_nodes")));
  if (number("unmetered_jobs") > 0)
    lines.push_back(trf("{} jobs are not metered: their energy is not known.", whole("unmetered_jobs")));
  if (number("estimated_kwh") > 0)
    lines.push_back(trf("{} kWh of {} jobs are estimated, not measured.", figure(number_at(total, "estimated_kwh")),
                        whole("estimated_jobs")));
  const auto until = time_at(answer, "unrecorded_until"), end = time_at(answer, "end");
  if (!until) {
    lines.emplace_back(
        tr("How many jobs sent no record is not known: carbonctld has not compared them with Slurm's accounting yet."));
  } else if (end && *until < *end) {
    lines.push_back(trf("Jobs without a record are counted until {}.", format_utc(*until)));
  }
  return lines;
}

Table budgets_table(const json& answer) {
  Table table{{"Account", "Period", "BudgetKg", "UsedKg", "LeftKg", "Used%", "Coverage%", "Incomplete", "Unmetered", "Unrecorded",
               "Warning"},
              {-16, -9, 10, 10, 10, 7, 9, 10, 9, 10, -12},
              {}};
  const auto kg = [](const json& row, const char* key) {
    const auto g = number_at(row, key);
    return figure(g ? std::optional(*g / 1000) : std::nullopt);
  };
  for (const auto& row : answer.value("budgets", json::array())) {
    table.rows.push_back({text_at(row, "account"), text_at(row, "name"), kg(row, "budget_g"), kg(row, "used_g"),
                          kg(row, "left_g"), percent(number_at(row, "used_share")), percent(number_at(row, "coverage")),
                          count(row, "incomplete_jobs"), count(row, "unmetered_jobs"), count(row, "unrecorded_jobs"),
                          text_at(row, "warning")});
  }
  return table;
}

std::vector<std::string> budget_warnings(const json& answer) {
  std::vector<std::string> lines;
  for (const auto& row : answer.value("budgets", json::array())) {
    if (text_at(row, "warning").empty()) continue;
    lines.push_back(trf("budget of account {} for {}: {} % is spent, {} kg CO2e is left", text_at(row, "account"),
                        text_at(row, "name"), percent(number_at(row, "used_share")),
                        figure(number_at(row, "left_g").value_or(0) / 1000)));
  }
  return lines;
}

}  // namespace carbon::scarbon

// SPDX-License-Identifier: Apache-2.0
// The tables of scarbon report, from carbonctld's answers (docs/api.md). Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "scarbon/table.h"

namespace carbon::scarbon {

// Sums by `by`; `top` 0: all rows. "(others)" sums up omitted rows, "(all)" all rows.
Table sums_table(const nlohmann::json& answer, std::size_t top);
// What is not known, or not measured, of the total of an answer of /v1/report: one line each, with how many and how much.
std::vector<std::string> gap_lines(const nlohmann::json& answer);
// Wasted emissions by the jobs' final state, from an answer with then_by=state.
Table waste_table(const nlohmann::json& answer, std::size_t top);
Table budgets_table(const nlohmann::json& answer);
// "budget of nlp for 2026-11: 90 % is spent", one line per budget that is nearly or fully spent.
std::vector<std::string> budget_warnings(const nlohmann::json& answer);

// The waste of each key: {"key", "co2e_g", "failed_g", "cancelled_g", "timeout_g", "requeued_g", "other_g", "wasted_g",
// "gpu_s", "allocated_idle_gpu_s", "idle_known_gpu_s"}, the greatest first; the last three where known.
nlohmann::json waste_rows(const nlohmann::json& answer);

}  // namespace carbon::scarbon

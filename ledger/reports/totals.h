// SPDX-License-Identifier: Apache-2.0
// The one list of what is summed: each sum's column in rollups, and how it is computed from rows of jobs. Inside ledger/ alone.
#pragma once

#include <array>
#include <string>

#include "ledger/reports/report.h"

namespace carbon::ledger {

struct SumColumn {
  std::int64_t Totals::*sum;
  const char* column;   // in rollups
  const char* of_jobs;  // the same of rows of jobs, as an aggregate
};

// As JobRow::saved_ug() is known.
#define CARBON_COMPARED \
  "mode NOT IN ('', 'off', 'observe') AND counterfactual_ug IS NOT NULL AND method IS NOT NULL AND covered_mj >= energy_mj"

inline constexpr std::array<SumColumn, 13> kSums{{
    {&Totals::jobs, "jobs", "COUNT(*)"},
    {&Totals::elapsed_ms, "elapsed_ms", "SUM(end_ms - start_ms)"},
    {&Totals::energy_mj, "energy_mj", "SUM(energy_mj)"},
    {&Totals::covered_mj, "covered_mj", "SUM(covered_mj)"},
    {&Totals::co2e_ug, "co2e_ug", "SUM(co2e_ug)"},
    {&Totals::compared_jobs, "compared_jobs", "SUM(CASE WHEN " CARBON_COMPARED " THEN 1 ELSE 0 END)"},
    {&Totals::counterfactual_ug, "counterfactual_ug", "SUM(CASE WHEN " CARBON_COMPARED " THEN counterfactual_ug ELSE 0 END)"},
    {&Totals::compared_ug, "compared_ug", "SUM(CASE WHEN " CARBON_COMPARED " THEN co2e_ug ELSE 0 END)"},
    {&Totals::held_idle_ms, "held_idle_ms", "SUM(COALESCE(held_idle_ms, 0))"},
    {&Totals::simulated_jobs, "simulated_jobs", "SUM(simulated)"},
    {&Totals::gpu_ms, "gpu_ms", "SUM(gpu_ms)"},
    {&Totals::estimated_mj, "estimated_mj", "SUM(estimated_mj)"},
    {&Totals::unmetered_jobs, "unmetered_jobs", "SUM(CASE WHEN method IS NULL THEN 1 ELSE 0 END)"},
}};
#undef CARBON_COMPARED

// "jobs, elapsed_ms, ..."
std::string sum_columns();
// "COUNT(*), SUM(end_ms - start_ms), ..."
std::string sums_of_jobs();
// "SUM(jobs), SUM(elapsed_ms), ..."
std::string sums_of_rollups();

}  // namespace carbon::ledger

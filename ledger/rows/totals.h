// SPDX-License-Identifier: Apache-2.0
// Sums over jobs. kSums is the one list of them: each sum's column in the rollup tables, and how SQL computes it from rows of
// jobs.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "ledger/rows/job_emissions.h"

namespace carbon::ledger {

// Times in ms, energy in mJ, emissions in ug.
struct Totals {
  std::int64_t jobs = 0;
  std::int64_t elapsed_ms = 0;
  std::int64_t energy_mj = 0;
  std::int64_t covered_mj = 0;
  std::int64_t co2e_ug = 0;
  std::int64_t compared_jobs = 0;      // that we moved, and whose saving is known
  std::int64_t counterfactual_ug = 0;  // of those
  std::int64_t compared_ug = 0;        // co2e of those
  std::int64_t allocated_idle_ms = 0;
  std::int64_t simulated_jobs = 0;
  std::int64_t gpu_ms = 0;
  std::int64_t estimated_mj = 0;
  std::int64_t unmetered_jobs = 0;     // without any metered device: their energy is not known
  std::int64_t incomplete_jobs = 0;    // of which nodes have not sent their final record: their energy is too low
  std::int64_t missing_nodes = 0;      // of those
  std::int64_t estimated_jobs = 0;     // whose energy is estimated in part or whole
  std::int64_t idle_known_gpu_ms = 0;  // the part of gpu_ms of which allocated_idle_ms is known

  Totals& operator+=(const Totals& o);
  Totals& operator-=(const Totals& o);
  bool operator==(const Totals&) const = default;
};
Totals totals_of(const JobRow& row);

struct SumColumn {
  std::int64_t Totals::*sum;
  const char* column;     // in rollups
  const char* aggregate;  // the same sum over rows of jobs, in SQL
};

// The condition under which JobRow::saved_ug() is known.
#define CARBON_COMPARED "counterfactual_ug IS NOT NULL"

inline constexpr std::array<SumColumn, 17> kSums{{
    {&Totals::jobs, "jobs", "COUNT(*)"},
    {&Totals::elapsed_ms, "elapsed_ms", "SUM(end_ms - start_ms)"},
    {&Totals::energy_mj, "energy_mj", "SUM(energy_mj)"},
    {&Totals::covered_mj, "covered_mj", "SUM(covered_mj)"},
    {&Totals::co2e_ug, "co2e_ug", "SUM(co2e_ug)"},
    {&Totals::compared_jobs, "compared_jobs", "SUM(CASE WHEN " CARBON_COMPARED " THEN 1 ELSE 0 END)"},
    {&Totals::counterfactual_ug, "counterfactual_ug", "SUM(CASE WHEN " CARBON_COMPARED " THEN counterfactual_ug ELSE 0 END)"},
    {&Totals::compared_ug, "compared_ug", "SUM(CASE WHEN " CARBON_COMPARED " THEN co2e_ug ELSE 0 END)"},
    {&Totals::allocated_idle_ms, "held_idle_ms", "SUM(COALESCE(held_idle_ms, 0))"},
    {&Totals::simulated_jobs, "simulated_jobs", "SUM(simulated)"},
    {&Totals::gpu_ms, "gpu_ms", "SUM(gpu_ms)"},
    {&Totals::estimated_mj, "estimated_mj", "SUM(estimated_mj)"},
    {&Totals::unmetered_jobs, "unmetered_jobs", "SUM(CASE WHEN method IS NULL THEN 1 ELSE 0 END)"},
    {&Totals::incomplete_jobs, "incomplete_jobs", "SUM(CASE WHEN complete = 0 THEN 1 ELSE 0 END)"},
    {&Totals::missing_nodes, "missing_nodes", "SUM(CASE WHEN complete = 0 THEN nodes_expected - nodes ELSE 0 END)"},
    {&Totals::estimated_jobs, "estimated_jobs", "SUM(CASE WHEN estimated_mj > 0 THEN 1 ELSE 0 END)"},
    {&Totals::idle_known_gpu_ms, "idle_known_gpu_ms", "SUM(CASE WHEN held_idle_ms IS NOT NULL THEN gpu_ms ELSE 0 END)"},
}};
#undef CARBON_COMPARED

// "jobs, elapsed_ms, ..."
std::string sum_columns();
// "COUNT(*), SUM(end_ms - start_ms), ..."
std::string sums_of_jobs();
// "SUM(jobs), SUM(elapsed_ms), ..."
std::string sums_of_rollups();

}  // namespace carbon::ledger

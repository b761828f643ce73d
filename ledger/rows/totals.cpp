// SPDX-License-Identifier: Apache-2.0
#include "ledger/rows/totals.h"

namespace carbon::ledger {
namespace {

std::string listed(const char* SumColumn::*part) {
  std::string out;
  for (const auto& c : kSums) out += (out.empty() ? "" : ", ") + std::string(c.*part);
  return out;
}

}  // namespace

std::string sum_columns() { return listed(&SumColumn::column); }
std::string sums_of_jobs() { return listed(&SumColumn::aggregate); }
std::string sums_of_rollups() {
  std::string out;
  for (const auto& c : kSums) out += (out.empty() ? "SUM(" : ", SUM(") + std::string(c.column) + ")";
  return out;
}

Totals totals_of(const JobRow& row) {
  Totals t;
  t.jobs = 1;
  t.elapsed_ms = (row.end - row.start).count();
  t.energy_mj = row.energy_mj;
  t.covered_mj = row.covered_mj;
  t.co2e_ug = row.co2e_ug;
  if (row.saved_ug()) {
    t.compared_jobs = 1;
    t.counterfactual_ug = *row.counterfactual_ug;
    t.compared_ug = row.co2e_ug;
  }
  t.allocated_idle_ms = row.allocated_idle_ms.value_or(0);
  t.simulated_jobs = row.simulated ? 1 : 0;
  t.gpu_ms = row.gpu_ms;
  t.estimated_mj = row.estimated_mj;
  t.unmetered_jobs = row.method ? 0 : 1;
  if (!row.complete) {
    t.incomplete_jobs = 1;
    t.missing_nodes = static_cast<std::int64_t>(row.nodes_expected) - row.nodes;
  }
  t.estimated_jobs = row.estimated_mj > 0 ? 1 : 0;
  if (row.allocated_idle_ms) t.idle_known_gpu_ms = row.gpu_ms;
  return t;
}

Totals& Totals::operator+=(const Totals& o) {
  for (const auto& c : kSums) this->*c.sum += o.*c.sum;
  return *this;
}

Totals& Totals::operator-=(const Totals& o) {
  for (const auto& c : kSums) this->*c.sum -= o.*c.sum;
  return *this;
}

}  // namespace carbon::ledger

// SPDX-License-Identifier: Apache-2.0
// JobRow <-> a row of the table jobs, by column name. Inside ledger/ alone.
#pragma once

#include <soci/soci.h>

#include "ledger/store.h"

namespace carbon::ledger {

// All columns, in no order that matters.
inline constexpr const char* kJobColumns =
    "job_id, restart_count, cluster, uid, user_name, account, part, site, start_ms, end_ms, nodes, nodes_expected, complete,"
    " simulated, note, energy_mj, gpu_mj, cpu_mj, held_idle_ms, uncertainty_mj, estimated_mj, method, pue, covered_mj, co2e_ug,"
    " counterfactual_ug, intensity, provider, submit_ms, mode, home, summary, restated";

}  // namespace carbon::ledger

namespace soci {

template <>
struct type_conversion<carbon::ledger::JobRow> {
  using base_type = values;
  static void from_base(const values& v, indicator, carbon::ledger::JobRow& row);
  static void to_base(const carbon::ledger::JobRow& row, values& v, indicator& ind);
};

}  // namespace soci

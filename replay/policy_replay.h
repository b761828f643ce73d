// SPDX-License-Identifier: Apache-2.0
// A whole replay: a trace, a setting and policies by name in, a report per policy out. The same trace also runs
// once without deferral (run-now) at the same capacity, as the baseline of savings and caps.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "replay/replay_summary.h"

namespace carbon::replay {

struct PolicyReport {
  std::string policy;
  Summary summary;
  double normalised = 1;           // carbon / carbon of run-now
  double saved_percent = 0;        // 100 (1 - normalised)
  Duration mean_runtime_error{0};  // of the run times given to the policy, against the true ones
  double wall_s = 0;               // of the run, without reading files
  std::vector<JobRun> runs;        // in the trace's order
};

bool is_policy(std::string_view name);
std::string policy_names();  // "run-now, lowest-slot, ..."

class Replay {
 public:
  // Both must outlive this; the trace's jobs have homes (assign_homes).
  Replay(const Trace& trace, const Setting& setting);
  // Precondition: is_policy(name).
  PolicyReport run(std::string_view name, const EngineOptions& options = {}) const;
  const std::vector<JobRun>& run_now() const { return run_now_; }

 private:
  const Trace& trace_;
  const Setting& setting_;
  std::vector<JobRun> run_now_;
  Summary run_now_summary_;
};

}  // namespace carbon::replay

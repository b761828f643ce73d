// SPDX-License-Identifier: Apache-2.0
// The settings of a replay, other than trace and policy.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/series.h"
#include "replay/engine.h"
#include "replay/traces/trace.h"

namespace carbon::replay {

// How long a job may wait: `small` if its run time is below `split`, else `large`.
struct WaitCaps {
  Duration small{0};
  Duration large{0};
  Duration split{0};
  bool is_small(Duration runtime) const { return runtime < split; }
  Duration of(Duration runtime) const { return is_small(runtime) ? small : large; }
};

// The run time that a policy is given: the true one; the mean of the job's class in the trace (below or above the split of
// WaitCaps, by true run time); the requested one; or a prediction from the user's history.
enum class RuntimeSource : std::uint8_t { kExact, kClassMean, kLimit, kPredicted };

// The forecast of a site at a moment. The view is valid for the whole replay.
using SeriesAhead = std::function<SeriesView(std::size_t site, Instant now)>;

struct Setting {
  std::vector<SiteModel> sites;
  std::vector<IntensitySeries> actual;  // per site; covers the whole replay
  SeriesAhead ahead;                    // what the policies see; unset: the actual series
  WaitCaps caps;
  RuntimeSource runtime = RuntimeSource::kExact;
  // No user's mean slowdown, (wait + run time) / run time, may be planned to grow by more than this over the run-now run; none:
  // no bound.
  std::optional<double> slowdown_bound;
  Watts power_per_unit{1000.0};  // of one cpu or gpu
};

// A moment by which every job has ended under any policy: how far the series have to reach.
Instant latest_end(const Trace& trace, const Setting& setting);
// Sorts sites by name: ties between sites are broken by position, so results would otherwise depend on the order of the input.
void sort_by_name(std::vector<SiteModel>& sites);
// Assigns homes to jobs without one, round-robin over the sites where they fit. An error if a job fits on no site, or not on its
// home.
Status assign_homes(Trace& trace, const Setting& setting);

}  // namespace carbon::replay

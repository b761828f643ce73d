// SPDX-License-Identifier: Apache-2.0
// What a replay is asked to do, beside trace and policy.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/series.h"
#include "replay/engine.h"
#include "replay/traces/trace.h"

namespace carbon::replay {

// How long a job may wait: `small` below a length of `split`, else `large`.
struct WaitCaps {
  Duration small{0};
  Duration large{0};
  Duration split{0};
  bool is_small(Duration runtime) const { return runtime < split; }
  Duration of(Duration runtime) const { return is_small(runtime) ? small : large; }
};

// What a policy is told about a job's length: the truth; the mean over the trace of the jobs of its class (below or above the
// split of WaitCaps, by true length); the time that its user asked for; or a prediction from the user's own history.
enum class RuntimeSource : std::uint8_t { kExact, kClassMean, kLimit, kPredicted };

// The intensity of a site as it is known at a moment, from it on. What the view points to stays as long as the replay.
using SeriesAhead = std::function<SeriesView(std::size_t site, Instant now)>;

struct Setting {
  std::vector<SiteModel> sites;
  std::vector<IntensitySeries> actual;  // per site; covers the whole replay
  SeriesAhead ahead;                    // what the policies see; unset: the actual series
  WaitCaps caps;
  RuntimeSource runtime = RuntimeSource::kExact;
  // No user's mean stretch, (wait + length) / length, may be planned to grow by more than this over the run-now run; none: no
  // bound.
  std::optional<double> slowdown_bound;
  Watts power_per_unit{1000.0};  // of one cpu or gpu
};

// A moment by which each job of the trace has ended, whatever the policy: how far the series have to reach.
Instant latest_end(const Trace& trace, const Setting& setting);
// Into the order of their names: sites of equal worth are told apart by their place, so that what a replay gives would depend on
// the order in which somebody named them.
void sort_by_name(std::vector<SiteModel>& sites);
// Gives each job without a home one, round-robin over the sites that it fits on. Refused: a job that fits on no site, or not on
// its home.
Status assign_homes(Trace& trace, const Setting& setting);

}  // namespace carbon::replay

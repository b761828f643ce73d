// SPDX-License-Identifier: Apache-2.0
// Counter update search: finds the moment at which an energy counter changed. A counter that is updated every 100 ms shows a
// value that is up to 100 ms old. When a job starts or ends, the meter is read every few ms until the counter changes: that value
// is known at that moment, and the previous value one update earlier. This reduces the error at a start or end to about a tenth.
#pragma once

#include <functional>
#include <vector>

#include "energy/meter.h"

namespace carbon::energy {

struct CounterUpdate {
  std::vector<Sample> samples;  // in order of time; one, of the usual uncertainty, if no update was seen
  std::uint32_t calls = 0;      // calls into the driver
};

inline constexpr std::uint32_t kMaxSearchCalls = 10;

// `sleep` waits for the duration given; tests pass their own. A meter whose counter has no known update interval is read once.
Result<CounterUpdate> find_counter_update(Meter& meter, const std::function<void(Duration)>& sleep);

// One reading. The value of a counter with an update interval is dated back by half of it, its mean age.
Result<Sample> read_once(Meter& meter);

}  // namespace carbon::energy

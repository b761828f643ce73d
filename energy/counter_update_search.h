// SPDX-License-Identifier: Apache-2.0
// A counter that changes every 100 ms only tells what was true up to 100 ms ago. Where a job starts or ends, the meter is read
// every few ms until the counter changes: the value is then known at that very moment, and the value before it one update
// earlier. This brings the error at a mark from one update interval's energy down to a tenth of it.
#pragma once

#include <functional>
#include <vector>

#include "energy/meter.h"

namespace carbon::energy {

struct CounterUpdate {
  std::vector<Sample> samples;  // in order of time; one (of usual blur) where no edge was seen
  std::uint32_t calls = 0;      // calls into the driver
};

inline constexpr std::uint32_t kMaxSearchCalls = 10;

// `sleep` waits; a test passes its own. A meter whose counter has no known update interval is read once.
Result<CounterUpdate> find_counter_update(Meter& meter, const std::function<void(Duration)>& sleep);

// One reading. Of a counter with an update interval the value is, on average, half an interval old.
Result<Sample> read_once(Meter& meter);

}  // namespace carbon::energy

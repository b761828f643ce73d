// SPDX-License-Identifier: Apache-2.0
// The starts that were given out, so that hundreds of jobs do not all begin in one second. What the GPUs can take is not its
// business: carbonctld plans all of them anew together within a minute.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "core/time.h"

namespace carbon::placement {

class StartBook {
 public:
  // Forgets starts before `now`.
  void forget_before(Instant now);

  // The first second within five minutes from `start` on in which few jobs begin; `latest` at the latest.
  Instant least_crowded(std::size_t site, Instant start, Instant latest) const;

  void add(std::size_t site, Instant start);

 private:
  std::map<std::pair<std::int64_t, std::size_t>, std::uint32_t> beginning_;  // second, site -> jobs
};

}  // namespace carbon::placement

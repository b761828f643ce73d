// SPDX-License-Identifier: Apache-2.0
// The starts that were given out: so that hundreds of jobs do not all begin in one second, nor more in one green window than
// there are GPUs for. carbonctld plans all of them anew together within a minute; this keeps the meantime sane.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "grid_feeds/snapshot.h"

namespace carbon::placement {

class StartBook {
 public:
  // Takes over what `snapshot` says of free GPUs, where it is another one than before, and forgets starts before `now`.
  void look_at(const feeds::SnapshotContent& snapshot, Instant now);

  // Whether GPUs are known to be free at a site all the time; true where nothing is known of it.
  bool has_free(std::size_t site, Interval when, std::uint32_t gpus) const;
  bool knows_free(std::size_t site) const { return site < free_.size() && !free_[site].empty(); }

  // The first second within five minutes from `start` on in which few jobs begin; `latest` at the latest.
  Instant least_crowded(std::size_t site, Instant start, Instant latest) const;

  void add(std::size_t site, Interval when, std::uint32_t gpus);

 private:
  // The steps of the free GPUs that `when` touches, cut to those that are known: [first, last).
  std::pair<std::size_t, std::size_t> steps(std::size_t site, Interval when) const;

  Instant published_{}, from_{};
  Duration step_ = std::chrono::minutes(30);
  std::vector<std::vector<std::uint32_t>> free_;                             // per site
  std::map<std::pair<std::int64_t, std::size_t>, std::uint32_t> beginning_;  // second, site -> jobs
};

}  // namespace carbon::placement

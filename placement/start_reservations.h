// SPDX-License-Identifier: Apache-2.0
// The starts that were given out, so that hundreds of jobs that come at once neither begin in one second nor where others have
// taken all GPUs. It knows of nothing else that runs or waits: carbonctld plans all jobs anew together within a minute.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/time.h"
#include "placement/gpu_slots.h"

namespace carbon::placement {

// What a job takes where.
struct Stay {
  std::string_view partition;
  std::size_t site = 0;
  double capacity = 0;  // GPUs of the partition at the site; 0: not known
  double gpus = 0;
  Duration runtime{};
};

class StartReservations {
 public:
  // Forgets starts before `now`.
  void forget_before(Instant now);

  // The first start from `start` on that finds room, or `start` where there is none by `latest`; of the five minutes from there
  // on the first second in which few jobs begin.
  Instant place(const Stay& unchanged, Instant start, Instant latest) const;

  void add(const Stay& unchanged, Instant start);

 private:
  Instant with_room(const Stay& unchanged, Instant start, Instant latest) const;
  Instant least_crowded(std::size_t site, Instant start, Instant latest) const;
  std::int64_t behind_full(std::size_t site, std::int64_t second) const;
  void begin_at(std::size_t site, std::int64_t second);
  void set_full(std::size_t site, std::int64_t second);

  Instant now_{};
  std::map<std::pair<std::int64_t, std::size_t>, std::uint32_t> beginning_;  // second, site -> jobs; not the full
  std::map<std::pair<std::size_t, std::int64_t>, std::int64_t> full_;  // site, second -> the first behind it that is not full
  std::int64_t added_ = 0;
  std::map<std::pair<std::string, std::size_t>, GpuSlots> given_;  // partition, site
};

}  // namespace carbon::placement

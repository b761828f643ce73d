// SPDX-License-Identifier: Apache-2.0
// Reservations of the start times chosen at submission, so that hundreds of jobs submitted at once neither start in the same
// second nor where earlier ones have reserved all GPUs. Other running and waiting jobs are not known here: carbonctld re-plans
// all jobs within a minute.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/time.h"
#include "placement/gpu_slots.h"

namespace carbon::placement {

// What a job occupies, without its start.
struct Demand {
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

  // The first start from `start` on at which the GPUs are free, or `start` if they are not by `latest`; then, within five
  // minutes, the first second in which few jobs start.
  Instant find_start(const Demand& demand, Instant start, Instant latest) const;

  void add(const Demand& demand, Instant start);

 private:
  Instant first_fit(const Demand& demand, Instant start, Instant latest) const;
  Instant least_crowded(std::size_t site, Instant start, Instant latest) const;
  std::int64_t first_open(std::size_t site, std::int64_t second) const;
  void count_start(std::size_t site, std::int64_t second);
  void set_full(std::size_t site, std::int64_t second);

  Instant now_{};
  std::map<std::pair<std::int64_t, std::size_t>, std::uint32_t> starting_;  // second, site -> jobs; without full seconds
  std::map<std::pair<std::size_t, std::int64_t>, std::int64_t> full_;       // site, second -> the first open one after it
  std::int64_t added_ = 0;
  std::map<std::pair<std::string, std::size_t>, GpuSlots> slots_;  // partition, site
};

}  // namespace carbon::placement

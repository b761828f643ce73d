// SPDX-License-Identifier: Apache-2.0
// Device energy splitter: divides each interval's energy of one device among the jobs to which the device is allocated. Samples,
// allocations and releases go in, in nearly any order. Slices come out, each with the energy of one job (or of none: idle) in one
// interval of the profile. The slices of a device always add up to its energy to the millijoule, because they are differences of
// one line of cumulative energy, cut at the same places.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "energy/energy_counter.h"
#include "energy/profile.h"

namespace carbon::energy {

// A job's share of a device for some time.
struct Allocation {
  std::string job;
  double share = 1.0;  // above 0; if the shares of a device add up to more than 1, they are scaled down in proportion
  Duration from{0};    // CLOCK_BOOTTIME
  Duration until = Duration::max();
};

struct EnergySlice {
  std::string job;     // empty: idle
  Instant at;          // start of the slice, on the wall clock
  Duration length{0};  // negative, as is the energy, in a slice that takes back what was given before a late mark
  std::int64_t mj = 0;
  std::int64_t estimated_mj = 0;
  double variance_mj2 = 0.0;
  double share = 1.0;        // of the device
  bool device_idle = false;  // the device drew little power: an allocation of it was idle
  const char* reason = "";   // why a part is estimated
};

// Below this share of its power limit a GPU counts as idle. With a context open and no work, A100 and H100 draw 15 to 20 %.
inline constexpr double kIdleShareOfLimit = 0.25;

inline constexpr std::size_t kRecentIntervals = 64;

class DeviceEnergySplitter {
 public:
  DeviceEnergySplitter(DeviceInfo info, Duration profile_step, Duration longest_step)
      : counter_(std::move(info), longest_step), step_(profile_step), recent_(profile_step) {}

  const DeviceInfo& info() const { return counter_.info(); }
  const EnergyCounter& counter() const { return counter_; }
  const std::vector<Allocation>& allocations() const { return allocations_; }
  // The device's energy in each recent interval, from its counter alone: the sums of jobs and idle must equal it.
  const Profile& recent() const { return recent_; }
  void describe(DeviceInfo info) { counter_.describe(std::move(info)); }
  bool known_until(Duration boot) const { return counter_.state() && counter_.state()->last.at.boot >= boot; }
  // After a restart: restore() the last checkpoint, then catch_up() to the last saved reading.
  void restore(EnergyCounterState state, std::vector<Allocation> allocations);
  // After a reboot: CLOCK_BOOTTIME restarts, so earlier times cannot be compared with later ones.
  void begin_boot();
  std::vector<EnergySlice> catch_up(const EnergyCounterState& later) { return split_segment(counter_.catch_up(later)); }

  // `shares`: what each job used of the device since the last sample, where that was measured.
  using Shares = std::vector<std::pair<std::string, double>>;
  std::vector<EnergySlice> feed(const Sample& sample, const std::string& boot_id, Shares shares = {});
  std::vector<EnergySlice> extrapolate(const Moment& at);
  // `from` and `at` may lie up to two minutes in the past: the energy since then is divided again.
  std::vector<EnergySlice> allocate(Allocation allocation);
  std::vector<EnergySlice> release(const std::string& job, Duration at);

 private:
  std::vector<EnergySlice> split_segment(std::optional<Segment> segment);
  template <class Change>
  std::vector<EnergySlice> change(Duration since, const Change& apply);
  void count(const Segment& segment);
  void split(const Segment& segment, int sign, std::vector<EnergySlice>& out) const;
  void split_interval(const Segment& segment, Duration a, Duration b, int sign, bool changes,
                      std::vector<EnergySlice>& out) const;
  void forget(Duration before);

  EnergyCounter counter_;
  Duration step_;
  std::vector<Allocation> allocations_;
  std::deque<Segment> history_;
  Profile recent_;
};

}  // namespace carbon::energy

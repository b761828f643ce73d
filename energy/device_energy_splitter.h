// SPDX-License-Identifier: Apache-2.0
// Who used one device's energy. Samples and the times at which jobs take and leave the device go in, in nearly any order; pieces
// of energy come out, each of one job (or of none: idle) in one interval of the profile. Whatever happens, the pieces of a
// device add up to the device's energy to the millijoule, because they are differences of one line cut at the same places.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "energy/energy_counter.h"
#include "energy/profile.h"

namespace carbon::energy {

// A job on a device, for a share of it.
struct Allocation {
  std::string holder;
  double share = 1.0;  // above 0; where all shares of a device add up to more than 1, each is its part of that sum
  Duration from{0};    // CLOCK_BOOTTIME
  Duration until = Duration::max();
};

struct EnergySlice {
  std::string holder;  // empty: idle
  Instant at;          // start of the piece, on the wall clock
  Duration length{0};  // may be negative, as may be the energy: takes back what was given before a late mark
  std::int64_t mj = 0;
  std::int64_t estimated_mj = 0;
  double variance_mj2 = 0.0;
  double share = 1.0;        // of the device
  bool device_idle = false;  // the device drew little all that time: if held, held but idle
  const char* reason = "";   // why a part is estimated
};

// Below this share of its power limit a GPU is taken as idle: idle with a context open, A100 and H100 draw 15 to 20 % of theirs.
inline constexpr double kIdleShareOfLimit = 0.25;

inline constexpr std::size_t kRecentIntervals = 64;

class DeviceEnergySplitter {
 public:
  DeviceEnergySplitter(DeviceInfo info, Duration profile_step, Duration longest_step)
      : counter_(std::move(info), longest_step), step_(profile_step), recent_(profile_step) {}

  const DeviceInfo& info() const { return counter_.info(); }
  const EnergyCounter& account() const { return counter_; }
  const std::vector<Allocation>& allocations() const { return allocations_; }
  // What the device used in each interval of late, cut from its line alone: jobs and idle must add up to it.
  const Profile& recent() const { return recent_; }
  bool known_until(Duration boot) const { return counter_.state() && counter_.state()->last.at.boot >= boot; }
  // After a restart: as it was at the last checkpoint, then on to the last reading that was saved.
  void restore(EnergyCounterState state, std::vector<Allocation> allocations);
  // After a reboot: no time of before compares with one from now on.
  void forget_jobs();
  std::vector<EnergySlice> catch_up(const EnergyCounterState& later) { return split_segment(counter_.catch_up(later)); }

  // `shares`: what the holders used of the device since the last sample, where that was measured.
  using Shares = std::vector<std::pair<std::string, double>>;
  std::vector<EnergySlice> feed(const Sample& sample, const std::string& boot_id, Shares shares = {});
  std::vector<EnergySlice> extrapolate(const Moment& at);
  // A mark that comes late gets what it is due, as far as the last two minutes of readings tell.
  std::vector<EnergySlice> allocate(Allocation allocation);
  std::vector<EnergySlice> release(const std::string& holder, Duration at);

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

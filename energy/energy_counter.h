// SPDX-License-Identifier: Apache-2.0
// One device's energy as a line that never falls: samples in, segments of energy out. It bridges counters that wrap or start
// anew, integrates power where there is no counter, and says how much of each segment is estimated and how sure it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "energy/meter.h"

namespace carbon::energy {

struct Point {
  Moment at;
  std::int64_t uj = 0;  // energy since the device was first seen
  Duration time_uncertainty{0};
};

// What happened between two points.
struct Segment {
  Point from, to;
  bool gap = false;               // long without a reading: how the energy lies inside is not known
  std::int64_t estimated_uj = 0;  // part of the energy that was not measured
  double variance_uj2 = 0.0;      // of the energy
  const char* reason = "";        // why a part is estimated
  // Of the device's holders, where it was measured (CPU time); the others have what they were given.
  std::vector<std::pair<std::string, double>> measured_shares;

  std::int64_t uj() const { return to.uj - from.uj; }
  Duration length() const { return to.at.boot - from.at.boot; }
};

// What must be kept to go on after a restart.
struct EnergyCounterState {
  Point last;
  std::optional<std::int64_t> counter_uj;
  double watts = 0.0;         // of the last reading of power
  double watts_before = 0.0;  // and of the one before it
  double usual_watts = 0.0;   // over the last ten seconds or so
  std::int64_t low_uj = 0;    // of an extrapolated `last`: what was truly measured by then
  std::string boot_id;
};

class EnergyCounter {
 public:
  // `longest_step`: a segment that is longer is a gap.
  EnergyCounter(DeviceInfo info, Duration longest_step) : info_(std::move(info)), longest_step_(longest_step) {}

  const DeviceInfo& info() const { return info_; }
  Duration longest_step() const { return longest_step_; }
  const std::optional<EnergyCounterState>& state() const { return state_; }
  // Goes on where another process stopped. From another boot, only the sum is kept: see first sample in feed().
  void restore(EnergyCounterState state) { state_ = std::move(state); }
  // `later` is a state of the same account and boot that was saved after the one restored: the energy in between.
  std::optional<Segment> catch_up(const EnergyCounterState& later);

  // None for the first sample, and for one that is not later than the last point.
  std::optional<Segment> feed(const Sample& sample, const std::string& boot_id);
  // The device does not answer: energy up to `at` is estimated from the last known power, else from the rated one.
  std::optional<Segment> extrapolate(const Moment& at);

 private:
  std::int64_t counted(const Sample& sample, Segment& segment) const;
  std::int64_t integrated(const Sample& sample, Segment& segment) const;

  DeviceInfo info_;
  Duration longest_step_;
  std::optional<EnergyCounterState> state_;
};

}  // namespace carbon::energy

// SPDX-License-Identifier: Apache-2.0
// Energy counter of one device: a monotone line of cumulative energy, built from readings. Samples go in, segments of energy come
// out. It bridges counters that wrap or restart at zero, integrates power where the device has no energy counter, and states how
// much of each segment is estimated and how uncertain it is.
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
  bool gap = false;               // longer than longest_step: how the energy is spread inside is not known
  std::int64_t estimated_uj = 0;  // part of the energy that was not measured
  double variance_uj2 = 0.0;      // of the energy
  const char* reason = "";        // why a part is estimated
  // Each job's share of the device where it was measured (CPU time). The other jobs have their allocated share.
  std::vector<std::pair<std::string, double>> measured_shares;

  std::int64_t uj() const { return to.uj - from.uj; }
  Duration length() const { return to.at.boot - from.at.boot; }
};

// What must survive a restart of carbond.
struct EnergyCounterState {
  Point last;
  std::optional<std::int64_t> counter_uj;
  double watts = 0.0;         // of the last reading of power
  double watts_before = 0.0;  // and of the one before it
  double usual_watts = 0.0;   // running mean over about ten seconds
  std::int64_t low_uj = 0;    // measured part of last.uj: less than it after an extrapolation
  std::string boot_id;
};

class EnergyCounter {
 public:
  // `longest_step`: a segment that is longer is a gap.
  EnergyCounter(DeviceInfo info, Duration longest_step) : info_(std::move(info)), longest_step_(longest_step) {}

  const DeviceInfo& info() const { return info_; }
  Duration longest_step() const { return longest_step_; }
  const std::optional<EnergyCounterState>& state() const { return state_; }
  // Continues where another process stopped. If the state is of another boot, only its sum is kept, at the first sample.
  void restore(EnergyCounterState state) { state_ = std::move(state); }
  // `later`: a state of the same device and boot, saved after the restored one. Returns the energy in between.
  std::optional<Segment> catch_up(const EnergyCounterState& later);

  // None for the first sample, and for one that is not later than the last point.
  std::optional<Segment> feed(const Sample& sample, const std::string& boot_id);
  // For a device that does not answer: estimates the energy up to `at` from its recent power, else from its rated power.
  std::optional<Segment> extrapolate(const Moment& at);

 private:
  std::int64_t counted(const Sample& sample, Segment& segment) const;
  std::int64_t integrated(const Sample& sample, Segment& segment) const;

  DeviceInfo info_;
  Duration longest_step_;
  std::optional<EnergyCounterState> state_;
};

}  // namespace carbon::energy

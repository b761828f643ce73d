// SPDX-License-Identifier: Apache-2.0
// Energy counter of one device: a monotone line of cumulative energy, built from readings. Samples go in, segments of energy come
// out. It bridges counters that wrap, restart, jump or stop, integrates power where the device has no energy counter, and states
// how much of each segment is estimated and how uncertain it is.
//
// A reading is believed only if the device can have drawn what it shows. The last believed reading is the base. A counter reading
// that cannot follow from the base is a suspect: its segment is estimated from the usual power. The next reading decides: if it
// follows from the base, the suspect was wrong once, and the counter still tells the energy since the base; if it follows from
// the suspect, the counter has restarted or jumped for good, and the suspect is the new base. docs/energy.md, "Implausible
// readings".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "energy/meter.h"

namespace carbon::energy {

// A mean power above this multiple of the most that the device can draw is not believed. Devices keep their power limit within a
// few per cent over a second; wrong readings that users of other meters have reported are off by factors of two to a million.
inline constexpr double kMostPowerMargin = 1.1;
// Beyond that, the energy of this time at the most power: accelerators exceed their limit for tens of milliseconds before it
// takes effect. Added to the update interval of a counter and to the time uncertainty of its readings.
inline constexpr Duration kExcursion{50};
// A counter that shows the same value for this long has stopped: every device here draws some power, and counters are updated
// every 100 ms or more often.
inline constexpr Duration kStandstill{1000};
// For this long the error of an estimate is taken to have one sign; the errors of later times are independent of it.
inline constexpr Duration kEstimateCorrelation = std::chrono::minutes(5);

// For a device whose power limit is not known: the most that its kind draws, and what stands for its rated power. Above the
// largest on the market in 2025 (GPU 1400 W, CPU 500 W, the memory of a socket 16 x 15 W).
struct PowerOfType {
  Watts most, rated;
};
PowerOfType power_of_type(const std::string& type);

// For a meter: tells whether its counter has stood still for kStandstill, so that the power is read as well.
class StandstillWatch {
 public:
  bool stands(std::int64_t counter, Duration now) {
    if (counter != counter_) {
      counter_ = counter;
      moved_at_ = now;
    }
    return now - moved_at_ >= kStandstill;
  }

 private:
  std::optional<std::int64_t> counter_;
  Duration moved_at_{0};
};

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

// A reading from which the next one may follow.
struct CounterBase {
  Duration at{0};  // CLOCK_BOOTTIME
  std::int64_t uj = 0;
  std::optional<std::int64_t> counter_uj;  // none for a device without a counter
};

// What must survive a restart of carbond.
struct EnergyCounterState {
  Point last;
  CounterBase base;                    // base.uj is below last.uj after an estimate that was too high, until it has caught up
  std::optional<CounterBase> suspect;  // the last sample, if it was not believed
  Duration moved_at{0};                // the latest time at which the counter last changed
  bool stopped = false;                // it stands still, and its energy is estimated
  double spare_uj = 0.0;               // what the next reading may show above kMostPowerMargin
  double watts = 0.0;                  // of the last believed reading of power
  double watts_before = 0.0;           // and of the one before it
  double usual_watts = 0.0;            // running mean of what was believed, over about ten seconds
  std::int64_t estimated_uj = 0;       // sums of all segments
  double variance_uj2 = 0.0;
  std::string boot_id;
};

// Readings that were not believed, since this process started.
struct ImplausibleReadings {
  std::uint64_t fell = 0;     // a counter below the last value, and no wrap
  std::uint64_t jumped = 0;   // a counter above what can have been drawn
  std::uint64_t stopped = 0;  // a counter that stands still
  std::uint64_t power = 0;    // a power of 0 W, above what can be drawn, or no number
  std::uint64_t total() const { return fell + jumped + stopped + power; }
};

class EnergyCounter {
 public:
  // `longest_step`: a segment that is longer is a gap.
  EnergyCounter(DeviceInfo info, Duration longest_step);

  const DeviceInfo& info() const { return info_; }
  // The same device, as it was found again.
  void describe(DeviceInfo info);
  Duration longest_step() const { return longest_step_; }
  const std::optional<EnergyCounterState>& state() const { return state_; }
  const ImplausibleReadings& implausible() const { return implausible_; }
  // Continues where another process stopped. If the state is of another boot, only its sum is kept, at the first sample.
  void restore(EnergyCounterState state) { state_ = std::move(state); }
  // `later`: a state of the same device and boot, saved after the restored one. Returns the energy in between.
  std::optional<Segment> catch_up(const EnergyCounterState& later);

  // None for the first sample, and for one that is not later than the last point.
  std::optional<Segment> feed(const Sample& sample, const std::string& boot_id);
  // After a reboot only the sum goes on: CLOCK_BOOTTIME and the counter begin anew.
  void begin_boot();
  // For a device that does not answer: estimates the energy up to `at` from its usual power, else half of its rated power.
  std::optional<Segment> extrapolate(const Moment& at);

 private:
  struct Growth {
    std::int64_t uj = 0;
    std::int64_t guessed_uj = 0;  // part of it that depends on how often the counter wrapped
  };
  struct Estimate {
    const char* reason;
    std::int64_t measured_uj = 0;    // what is known to be part of the energy
    double watts = 0.0;              // power that was read; 0: the usual power
    std::optional<Duration> time{};  // none: the segment's
  };
  void start(const Sample& sample, const std::string& boot_id);
  void counted(const Sample& sample, Segment& segment);
  void stood(const Sample& sample, Segment& segment);
  void believe(CounterBase base, const Growth& growth, const Sample& sample, Segment& segment);
  void integrated(const Sample& sample, Segment& segment);
  void estimate(Segment& segment, const Estimate& how) const;
  std::optional<Growth> growth(const CounterBase& base, std::int64_t now, const Sample& sample) const;
  bool plausible(const std::optional<Watts>& power) const;
  double allowed_uj(Duration since) const;
  double unknown_variance(const Segment& segment, Duration time, double sd_watts) const;
  std::optional<Segment> finish(Segment segment);

  DeviceInfo info_;
  Duration longest_step_;
  double most_watts_, rated_watts_;
  std::optional<EnergyCounterState> state_;
  ImplausibleReadings implausible_;
};

}  // namespace carbon::energy

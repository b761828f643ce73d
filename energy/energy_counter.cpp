// SPDX-License-Identifier: Apache-2.0
#include "energy/energy_counter.h"

#include <algorithm>
#include <cmath>

namespace carbon::energy {
namespace {

std::int64_t microjoules(double watts, Duration d) { return std::llround(watts * 1000.0 * static_cast<double>(d.count())); }
double watts(std::int64_t uj, Duration d) { return static_cast<double>(uj) / 1000.0 / static_cast<double>(d.count()); }
// Time constant of the exponential running mean.
constexpr double kMemoryMs = 10'000;
double running_mean(double mean, double value, Duration length) {
  const double keep = std::exp(-static_cast<double>(length.count()) / kMemoryMs);
  return mean > 0 ? mean * keep + value * (1 - keep) : value;
}

double squared(double x) { return x * x; }

}  // namespace

std::optional<Segment> EnergyCounter::feed(const Sample& sample, const std::string& boot_id) {
  if (!state_ || state_->boot_id != boot_id) {
    // After a reboot the counter has no relation to its earlier values, and no job continues.
    EnergyCounterState fresh;
    fresh.last = {sample.at, state_ ? state_->last.uj : 0, sample.time_uncertainty};
    fresh.low_uj = fresh.last.uj;
    fresh.counter_uj = sample.counter_uj;
    fresh.watts = fresh.watts_before = fresh.usual_watts = sample.power ? sample.power->value() : 0.0;
    fresh.boot_id = boot_id;
    state_ = fresh;
    return std::nullopt;
  }
  if (sample.at.boot <= state_->last.at.boot || (!sample.counter_uj && !sample.power)) return std::nullopt;
  if (sample.counter_uj && !state_->counter_uj) {
    // The first counter value of a device that was only extrapolated so far.
    state_->counter_uj = sample.counter_uj;
    state_->last.at = sample.at;
    state_->low_uj = state_->last.uj;
    return std::nullopt;
  }
  Segment segment;
  segment.from = state_->last;
  segment.to.at = sample.at;
  segment.to.time_uncertainty = sample.time_uncertainty;
  segment.gap = sample.at.boot - segment.from.at.boot > longest_step_;
  const auto grown = sample.counter_uj ? counted(sample, segment) : integrated(sample, segment);
  const auto measured = state_->low_uj + grown;
  // If the extrapolation was too high, the line stays level until the measured energy has caught up.
  segment.to.uj = std::max(measured, segment.from.uj);
  state_->last = segment.to;
  state_->low_uj = measured;
  if (sample.counter_uj) state_->counter_uj = sample.counter_uj;
  if (sample.power) {
    state_->watts_before = state_->watts;
    state_->watts = sample.power->value();
  }
  state_->usual_watts = running_mean(state_->usual_watts, watts(segment.uj(), segment.length()), segment.length());
  return segment;
}

std::optional<Segment> EnergyCounter::catch_up(const EnergyCounterState& later) {
  if (!state_) {
    state_ = later;
    return std::nullopt;
  }
  if (state_->boot_id != later.boot_id || later.last.at.boot <= state_->last.at.boot || later.last.uj < state_->last.uj)
    return std::nullopt;
  Segment segment;
  segment.from = state_->last;
  segment.to = later.last;
  state_ = later;
  return segment;
}

std::int64_t EnergyCounter::counted(const Sample& sample, Segment& segment) const {
  const std::int64_t now = *sample.counter_uj;
  const std::int64_t grown = now - *state_->counter_uj;
  if (info_.wraps_at_uj > 0) {
    const std::int64_t seen = grown >= 0 ? grown : grown + info_.wraps_at_uj;
    const auto missing = static_cast<double>(microjoules(state_->usual_watts, segment.length()) - seen);
    const auto wraps = segment.gap ? std::llround(missing / static_cast<double>(info_.wraps_at_uj)) : 0;
    if (wraps <= 0) return seen;
    segment.estimated_uj = wraps * info_.wraps_at_uj;
    segment.variance_uj2 = squared(static_cast<double>(info_.wraps_at_uj) / 1.96);
    segment.reason = "the energy counter wrapped between two readings";
    return seen + segment.estimated_uj;
  }
  if (grown >= 0) return grown;
  // The driver was reloaded: `now` was counted since then; the energy from the last reading to the reload is lost.
  const std::int64_t usual = microjoules(state_->usual_watts, segment.length());
  const std::int64_t lost = std::max<std::int64_t>(usual - now, 0);
  segment.estimated_uj = lost;
  segment.variance_uj2 = squared(static_cast<double>(lost) / 1.96);
  segment.reason = "the energy counter restarted at zero";
  return now + lost;
}

std::int64_t EnergyCounter::integrated(const Sample& sample, Segment& segment) const {
  const double before = state_->watts;
  const double after = sample.power->value();
  const std::int64_t uj = microjoules((before + after) / 2, segment.length());
  // Estimates the variance v of a power reading: for independent readings the second difference has variance 6 v; for power that
  // changes slowly it vanishes. docs/energy.md, "Integrated power".
  const double bend = state_->watts_before - 2 * before + after;
  segment.variance_uj2 = squared(static_cast<double>(microjoules(bend, segment.length()))) / 6;
  if (segment.gap || info_.method == Method::kEstimated) {
    segment.estimated_uj = uj;
    segment.reason = segment.gap ? "a long time without a power reading" : "rated power x time";
    segment.variance_uj2 += squared(static_cast<double>(uj) / 4);
  }
  return uj;
}

std::optional<Segment> EnergyCounter::extrapolate(const Moment& at) {
  if (!state_) {
    EnergyCounterState fresh;
    fresh.last.at = at;
    state_ = fresh;
    return std::nullopt;
  }
  if (at.boot <= state_->last.at.boot) return std::nullopt;
  const double power = state_->usual_watts > 0 ? state_->usual_watts : info_.rated.value();
  Segment segment;
  segment.from = state_->last;
  segment.to = {at, segment.from.uj + microjoules(power, at.boot - segment.from.at.boot), Duration(0)};
  segment.gap = true;
  segment.estimated_uj = segment.uj();
  segment.variance_uj2 = squared(static_cast<double>(segment.uj()) / 4);
  segment.reason = "the device did not answer";
  state_->last = segment.to;
  if (!state_->counter_uj) state_->low_uj = segment.to.uj;  // no counter will correct it later
  return segment;
}

}  // namespace carbon::energy

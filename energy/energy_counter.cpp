// SPDX-License-Identifier: Apache-2.0
#include "energy/energy_counter.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace carbon::energy {
namespace {

double to_uj(double watts, Duration d) { return watts * 1000.0 * static_cast<double>(d.count()); }
std::int64_t microjoules(double watts, Duration d) { return std::llround(to_uj(watts, d)); }
// Time constant of the exponential running mean.
constexpr double kMemoryMs = 10'000;
double running_mean(double mean, double value, Duration length) {
  const double keep = std::exp(-static_cast<double>(length.count()) / kMemoryMs);
  return mean > 0 ? mean * keep + value * (1 - keep) : value;
}

double squared(double x) { return x * x; }

}  // namespace

PowerOfType power_of_type(const std::string& type) {
  if (type == "cpu") return {Watts(1000), Watts(200)};
  if (type == "dram") return {Watts(400), Watts(40)};
  return {Watts(2000), Watts(400)};
}

EnergyCounter::EnergyCounter(DeviceInfo info, Duration longest_step) : longest_step_(longest_step) { describe(std::move(info)); }

void EnergyCounter::describe(DeviceInfo info) {
  info_ = std::move(info);
  const auto usual = power_of_type(info_.type);
  // A driver may report a limit that is none, such as 2^64 uW.
  const auto limit = [&usual](Watts w) { return w.value() > 0 && w < 10 * usual.most ? w.value() : 0.0; };
  const double rated = limit(info_.rated), most = std::max(limit(info_.most), rated);
  rated_watts_ = rated > 0 ? rated : usual.rated.value();
  most_watts_ = most > 0 ? most : usual.most.value();
}

double EnergyCounter::allowed_uj(Duration since) const { return kMostPowerMargin * to_uj(most_watts_, since); }

bool EnergyCounter::plausible(const std::optional<Watts>& power) const {
  return power && power->value() > 0 && power->value() <= kMostPowerMargin * most_watts_;
}

void EnergyCounter::start(const Sample& sample, const std::string& boot_id) {
  EnergyCounterState fresh;
  if (state_) {
    fresh.last.uj = state_->last.uj;
    fresh.estimated_uj = state_->estimated_uj;
    fresh.variance_uj2 = state_->variance_uj2;
  }
  fresh.last.at = sample.at;
  fresh.last.time_uncertainty = sample.time_uncertainty;
  fresh.base = {sample.at.boot, fresh.last.uj, sample.counter_uj};
  fresh.moved_at = sample.at.boot + sample.time_uncertainty;
  fresh.spare_uj = allowed_uj(kExcursion + std::max(info_.update, sample.time_uncertainty));
  if (plausible(sample.power)) fresh.watts = fresh.watts_before = fresh.usual_watts = sample.power->value() * sample.part;
  fresh.boot_id = boot_id;
  state_ = fresh;
}

std::optional<Segment> EnergyCounter::feed(const Sample& reading, const std::string& boot_id) {
  Sample sample = reading;
  if (sample.counter_uj && *sample.counter_uj < 0) sample.counter_uj.reset();
  if (!state_ || state_->boot_id != boot_id) {
    // After a reboot the counter has no relation to its earlier values, and no job continues.
    start(sample, boot_id);
    return std::nullopt;
  }
  if (sample.at.boot <= state_->last.at.boot) return std::nullopt;
  Segment segment;
  segment.from = state_->last;
  segment.to = {sample.at, segment.from.uj, sample.time_uncertainty};
  segment.gap = segment.length() > longest_step_;
  if (sample.counter_uj) {
    counted(sample, segment);
  } else if (state_->base.counter_uj || reading.counter_uj) {
    estimate(segment, {"the energy counter could not be read"});
  } else if (sample.power) {
    integrated(sample, segment);
  } else {
    return std::nullopt;
  }
  if (info_.method == Method::kEstimated) {
    segment.estimated_uj = segment.uj();
    segment.variance_uj2 += squared(static_cast<double>(segment.uj()) / 4);
    segment.reason = sample.part < 1 ? "the GPU's dies have one meter: its part of the card's energy" : "rated power x time";
  }
  return finish(std::move(segment));
}

std::optional<Segment> EnergyCounter::finish(Segment segment) {
  state_->last = segment.to;
  state_->estimated_uj += segment.estimated_uj;
  state_->variance_uj2 += segment.variance_uj2;
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
  segment.estimated_uj = std::clamp<std::int64_t>(later.estimated_uj - state_->estimated_uj, 0, segment.uj());
  segment.variance_uj2 = std::max(0.0, later.variance_uj2 - state_->variance_uj2);
  if (segment.estimated_uj > 0) segment.reason = "estimated before carbond was started again";
  state_ = later;
  return segment;
}

// What the counter grew by since `base`; none if the device cannot have drawn it.
std::optional<EnergyCounter::Growth> EnergyCounter::growth(const CounterBase& base, std::int64_t now,
                                                           const Sample& sample) const {
  const auto wrap = info_.wraps_at_uj;
  if (!base.counter_uj || (wrap > 0 && now > wrap)) return std::nullopt;
  std::int64_t grown = now - *base.counter_uj;
  if (grown < 0) grown += wrap;
  const Duration since = sample.at.boot - base.at;
  const double allowed = state_->spare_uj + allowed_uj(since + sample.time_uncertainty);
  if (grown < 0 || static_cast<double>(grown) > allowed) return std::nullopt;
  const auto wraps = static_cast<double>(wrap);
  const bool once = since <= longest_step_ || static_cast<double>(grown) + wraps > allowed;
  if (wrap <= 0 || once) return Growth{grown, 0};
  // It may have wrapped more often than it seems: as often as the usual power would make it.
  const auto more = std::floor((allowed - static_cast<double>(grown)) / wraps);
  const double usual = (to_uj(state_->usual_watts, since) - static_cast<double>(grown)) / wraps;
  const auto guessed = static_cast<std::int64_t>(std::clamp(std::round(usual), 0.0, more)) * wrap;
  return Growth{grown + guessed, guessed > 0 ? guessed : grown};
}

void EnergyCounter::counted(const Sample& sample, Segment& segment) {
  auto& s = *state_;
  const auto now = *sample.counter_uj;
  const auto since_base = growth(s.base, now, sample);
  if (since_base && since_base->uj == 0) return stood(sample, segment);
  // A counter that stood still and goes on from there has missed the energy of that time, unless it now shows nearly all of it.
  const auto ahead = static_cast<double>(segment.from.uj - s.base.uj);
  const bool missed = since_base && s.stopped && static_cast<double>(since_base->uj) * sample.part < 0.9 * ahead;
  if (since_base && !missed) return believe(s.base, *since_base, sample, segment);
  if (s.suspect) {
    const auto since_suspect = growth(*s.suspect, now, sample);
    if (since_suspect && since_suspect->uj > 0) return believe(*s.suspect, *since_suspect, sample, segment);
  }
  Estimate how{s.base.counter_uj ? "the energy counter missed part of the energy" : "no reading of the energy counter before"};
  if (missed) {
    how.measured_uj = since_base->uj;
  } else if (s.base.counter_uj && now < *s.base.counter_uj) {
    ++implausible_.fell;
    // If the driver was reloaded, it has counted this since; the energy from the last reading to the reload is lost.
    const bool restarted = static_cast<double>(now) <= s.spare_uj + allowed_uj(sample.at.boot - s.base.at);
    how.measured_uj = restarted && !s.suspect ? now : 0;
    how.reason = restarted ? "the energy counter restarted at zero" : "the energy counter fell";
  } else if (s.base.counter_uj) {
    ++implausible_.jumped;
    how.reason = "the energy counter showed more than the device can draw";
  }
  how.measured_uj = std::llround(static_cast<double>(how.measured_uj) * sample.part);
  estimate(segment, how);
  s.suspect = CounterBase{sample.at.boot, segment.to.uj, now};
  s.moved_at = sample.at.boot + sample.time_uncertainty;
  // Nothing speaks against the value, or it is the first of a device that was only extrapolated so far.
  if (missed || !s.base.counter_uj) {
    s.base = *std::exchange(s.suspect, std::nullopt);
    s.stopped = false;
  }
}

void EnergyCounter::believe(CounterBase base, const Growth& growth, const Sample& sample, Segment& segment) {
  auto& s = *state_;
  const Duration since = sample.at.boot - base.at;
  const double grown = static_cast<double>(growth.uj) * sample.part;
  const double rate = grown / static_cast<double>(since.count());  // uJ per ms
  const auto at_rate = [rate](Duration d) { return rate * static_cast<double>(d.count()); };
  const std::int64_t measured = base.uj + std::llround(grown);
  // By how much the line was estimated too high so far. If the readings were wrong, that stays with the time it was estimated
  // for. If the device did not answer, the line stays level until what was measured has caught up.
  const double ahead = static_cast<double>(segment.from.uj - base.uj) - at_rate(segment.from.at.boot - base.at);
  const bool keeps_estimate = measured < segment.from.uj && (s.suspect || s.stopped);
  segment.to.uj =
      keeps_estimate ? segment.from.uj + std::llround(at_rate(segment.length())) : std::max(measured, segment.from.uj);
  if (segment.from.uj != base.uj && !keeps_estimate) {
    // This segment corrects the line: by energy of an earlier time, which was not measured in this one.
    const double moved = static_cast<double>(segment.uj()) - at_rate(segment.length());
    segment.estimated_uj = std::max<std::int64_t>(std::llround(moved), 0);
    segment.variance_uj2 = std::abs(moved * ahead);
    segment.reason = "a correction of what was estimated before";
  }
  if (growth.guessed_uj > 0) {
    segment.estimated_uj = std::min<std::int64_t>(
        segment.uj(), segment.estimated_uj + std::llround(static_cast<double>(growth.guessed_uj) * sample.part));
    segment.variance_uj2 += squared(static_cast<double>(info_.wraps_at_uj) / 1.96);
    segment.reason = "the energy counter wrapped between two readings";
  }
  s.usual_watts = running_mean(s.usual_watts, rate / 1000.0, since);
  const auto uncertain = segment.from.time_uncertainty + sample.time_uncertainty;
  s.spare_uj = std::min(s.spare_uj + allowed_uj(since) - static_cast<double>(growth.uj),
                        allowed_uj(kExcursion + std::max(info_.update, uncertain)));
  s.base = {sample.at.boot, keeps_estimate ? segment.to.uj : measured, sample.counter_uj};
  s.suspect.reset();
  s.moved_at = sample.at.boot + sample.time_uncertainty;
  s.stopped = false;
  s.watts = 0;
}

void EnergyCounter::stood(const Sample& sample, Segment& segment) {
  auto& s = *state_;
  if (!s.stopped && sample.at.boot - s.moved_at < kStandstill) {
    s.spare_uj += allowed_uj(sample.at.boot - s.base.at);
    s.base.at = sample.at.boot;
    return;
  }
  ++implausible_.stopped;
  Estimate how{"the energy counter stands still"};
  if (!s.stopped) how.time = sample.at.boot - s.moved_at;
  s.stopped = true;
  if (plausible(sample.power)) {
    const double now = sample.power->value() * sample.part;
    how.reason = "the energy counter stands still: power x time";
    how.watts = s.watts > 0 ? (s.watts + now) / 2 : now;
    s.watts = now;
  } else if (sample.power) {
    ++implausible_.power;
  }
  estimate(segment, how);
}

void EnergyCounter::integrated(const Sample& sample, Segment& segment) {
  auto& s = *state_;
  if (!plausible(sample.power)) {
    ++implausible_.power;
    return estimate(segment, {"a power of 0 W, or above what the device can draw"});
  }
  const double after = sample.power->value() * sample.part;
  const bool known = s.watts > 0 && s.base.at == segment.from.at.boot;
  const double before = s.watts > 0 ? s.watts : after;
  const double mean = (before + after) / 2;
  if (!known || segment.gap) {
    estimate(segment, {segment.gap ? "a long time without a power reading" : "an implausible power reading before", 0, mean});
  } else {
    segment.to.uj = segment.from.uj + microjoules(mean, segment.length());
  }
  // Estimates the variance v of a power reading: for independent readings the second difference has variance 6 v; for power that
  // changes slowly it vanishes. docs/energy.md, "Integrated power".
  const double bend = (known ? s.watts_before : before) - 2 * before + after;
  segment.variance_uj2 += squared(to_uj(bend, segment.length())) / 6;
  s.watts_before = known ? s.watts : after;
  s.watts = after;
  s.usual_watts = running_mean(s.usual_watts, mean, segment.length());
  s.base = {sample.at.boot, segment.to.uj, std::nullopt};
}

// Variance of an energy whose power has the standard deviation `sd_watts`, the same at all times that are not far apart. As part
// of the time since the base, so that the parts of a job add up.
double EnergyCounter::unknown_variance(const Segment& segment, Duration time, double sd_watts) const {
  const Duration before = std::min<Duration>(segment.from.at.boot - state_->base.at, kEstimateCorrelation);
  return squared(sd_watts * 1000.0) * static_cast<double>(time.count()) * static_cast<double>((time + 2 * before).count());
}

void EnergyCounter::estimate(Segment& segment, const Estimate& how) const {
  const Duration time = how.time.value_or(segment.length());
  const double usual = state_->usual_watts > 0 ? state_->usual_watts : rated_watts_ / 2;
  const double watts = how.watts > 0 ? how.watts : usual;
  // A power that was not read lies anywhere between 0 and the rated power: the 95 % interval holds both.
  const double sd = how.watts > 0 ? how.watts / 4 : std::max(usual, rated_watts_ - usual) / 2;
  const auto uj = std::max(microjoules(watts, time), how.measured_uj);
  segment.to.uj = segment.from.uj + uj;
  segment.estimated_uj = uj - how.measured_uj;
  segment.variance_uj2 = unknown_variance(segment, time, sd);
  segment.reason = how.reason;
}

void EnergyCounter::begin_boot() {
  if (!state_) return;
  EnergyCounterState fresh;
  fresh.last.uj = fresh.base.uj = state_->last.uj;
  fresh.estimated_uj = state_->estimated_uj;
  fresh.variance_uj2 = state_->variance_uj2;
  state_ = fresh;
}

std::optional<Segment> EnergyCounter::extrapolate(const Moment& at) {
  if (!state_ || state_->boot_id.empty()) {  // without a reading in this boot
    start({at, std::nullopt, std::nullopt, Duration(0)}, "");
    return std::nullopt;
  }
  if (at.boot <= state_->last.at.boot) return std::nullopt;
  Segment segment;
  segment.from = state_->last;
  segment.to.at = at;
  segment.gap = true;
  estimate(segment, {"the device did not answer"});
  return finish(std::move(segment));
}

}  // namespace carbon::energy

// SPDX-License-Identifier: Apache-2.0
#include "energy/device_energy_splitter.h"

#include <algorithm>
#include <cmath>

namespace carbon::energy {
namespace {

constexpr Duration kHistory = std::chrono::minutes(2);

// Energy at `t` in whole millijoules, interpolated linearly.
std::int64_t mj_at(const Segment& s, Duration t) {
  if (t >= s.to.at.boot) return s.to.uj / 1000;
  const double share = static_cast<double>((t - s.from.at.boot).count()) / static_cast<double>(s.length().count());
  return (s.from.uj + std::llround(share * static_cast<double>(s.uj()))) / 1000;
}

Instant wall_at(const Segment& s, Duration t) { return s.from.at.wall + (t - s.from.at.boot); }

// Standard deviation of the energy at a cut inside a segment. Two parts: the time uncertainty of the readings, and the unknown
// course of the line between them (a step of power in the middle errs by at most a quarter of the segment's energy).
double border_mj(const Segment& s) {
  const double per_ms = static_cast<double>(s.uj()) / 1000.0 / static_cast<double>(s.length().count());
  const double time_uncertainty =
      static_cast<double>(std::max(s.from.time_uncertainty, s.to.time_uncertainty).count()) / std::sqrt(3.0);
  const double bend = static_cast<double>(s.length().count()) / 16.0;
  return per_ms * std::hypot(time_uncertainty, bend);
}

bool is_idle(const Segment& s, const DeviceInfo& info) {
  const auto limit = info.rated;
  if (info.type != "gpu" || limit.value() <= 0) return false;
  const double watts = static_cast<double>(s.uj()) / 1000.0 / static_cast<double>(s.length().count());
  return watts < kIdleShareOfLimit * limit.value();
}

}  // namespace

void DeviceEnergySplitter::restore(EnergyCounterState state, std::vector<Allocation> allocations) {
  counter_.restore(std::move(state));
  allocations_ = std::move(allocations);
}

void DeviceEnergySplitter::begin_boot() {
  counter_.begin_boot();
  allocations_.clear();
  history_.clear();
}

std::vector<EnergySlice> DeviceEnergySplitter::feed(const Sample& sample, const std::string& boot_id, Shares shares) {
  auto segment = counter_.feed(sample, boot_id);
  if (segment) segment->measured_shares = std::move(shares);
  return split_segment(std::move(segment));
}

std::vector<EnergySlice> DeviceEnergySplitter::extrapolate(const Moment& at) { return split_segment(counter_.extrapolate(at)); }

std::vector<EnergySlice> DeviceEnergySplitter::split_segment(std::optional<Segment> segment) {
  std::vector<EnergySlice> out;
  if (!segment) return out;
  count(*segment);
  split(*segment, 1, out);
  history_.push_back(std::move(*segment));
  forget(history_.back().to.at.boot - kHistory);
  return out;
}

void DeviceEnergySplitter::count(const Segment& s) {
  Instant border = floor_to(s.from.at.wall, step_);
  for (Duration at = s.from.at.boot; at < s.to.at.boot;) {
    border += step_;
    const Duration cut = std::min(s.to.at.boot, s.from.at.boot + (border - s.from.at.wall));
    recent_.add(wall_at(s, at), mj_at(s, cut) - mj_at(s, at), Duration(0));
    at = cut;
  }
  recent_.keep_last(kRecentIntervals);
}

std::vector<EnergySlice> DeviceEnergySplitter::allocate(Allocation allocation) {
  const Duration since = allocation.from;
  return change(since, [&] { allocations_.push_back(std::move(allocation)); });
}

std::vector<EnergySlice> DeviceEnergySplitter::release(const std::string& job, Duration at) {
  return change(at, [&] {
    for (auto& h : allocations_) {
      if (h.job == job && h.until == Duration::max()) h.until = std::max(at, h.from);
    }
  });
}

// Takes back what was divided since then, changes the allocations, and divides it again.
template <class Change>
std::vector<EnergySlice> DeviceEnergySplitter::change(Duration since, const Change& apply) {
  std::vector<EnergySlice> out;
  const auto touched = std::find_if(history_.begin(), history_.end(), [&](const Segment& s) { return s.to.at.boot > since; });
  for (auto s = touched; s != history_.end(); ++s) split(*s, -1, out);
  apply();
  for (auto s = touched; s != history_.end(); ++s) split(*s, 1, out);
  return out;
}

void DeviceEnergySplitter::split(const Segment& s, int sign, std::vector<EnergySlice>& out) const {
  const Duration start = s.from.at.boot, end = s.to.at.boot;
  std::vector<Duration> cuts{end};
  bool changes = false;
  for (const auto& h : allocations_) {
    for (const Duration t : {h.from, h.until}) {
      if (t <= start || t >= end) continue;
      cuts.push_back(t);
      changes = true;
    }
  }
  for (Instant border = floor_to(s.from.at.wall, step_) + step_; border < wall_at(s, end); border += step_)
    cuts.push_back(start + (border - s.from.at.wall));
  std::sort(cuts.begin(), cuts.end());
  Duration at = start;
  for (const Duration cut : cuts) {
    if (cut > at) split_interval(s, at, cut, sign, changes, out);
    at = std::max(at, cut);
  }
}

void DeviceEnergySplitter::split_interval(const Segment& s, Duration a, Duration b, int sign, bool changes,
                                          std::vector<EnergySlice>& out) const {
  const auto share_of = [&s](const Allocation& h) {
    for (const auto& [job, share] : s.measured_shares) {
      if (job == h.job) return share;
    }
    return h.share;
  };
  double shares = 0.0;
  for (const auto& h : allocations_) {
    if (h.from <= a && b <= h.until) shares += share_of(h);
  }
  const double scale = std::max(shares, 1.0);
  const std::int64_t total = mj_at(s, b) - mj_at(s, a);
  const double part = static_cast<double>((b - a).count()) / static_cast<double>(s.length().count());
  const bool idle = is_idle(s, info());
  // If a job starts or ends inside a long segment, the division is a guess. "Long" is half of a gap's length here.
  const bool guessed = changes && 2 * s.length() > counter_.longest_step();
  const bool all_estimated = guessed || (s.estimated_uj > 0 && s.estimated_uj == s.uj());
  const double border = changes ? border_mj(s) : 0.0;

  const auto give = [&](const std::string& job, std::int64_t mj, double share) {
    EnergySlice slice;
    slice.job = job;
    slice.at = wall_at(s, a);
    slice.length = (b - a) * sign;
    slice.mj = mj * sign;
    const auto estimated = std::llround(static_cast<double>(s.estimated_uj) / 1000.0 * part * share);
    slice.estimated_mj = sign * (all_estimated ? mj : std::min<std::int64_t>(estimated, mj));
    // The error has one sign over the segment, so its variance is divided by time: the parts of a job then add up to the whole.
    slice.variance_mj2 = sign * share * share * (s.variance_uj2 / 1e6 * part + border * border);
    slice.share = share;
    slice.device_idle = idle;
    slice.reason = guessed ? "no reading close to a start or end" : s.reason;
    out.push_back(std::move(slice));
  };
  double sum = 0.0;
  std::int64_t given = 0;
  for (const auto& h : allocations_) {
    if (h.from > a || b > h.until) continue;
    const double share = share_of(h) / scale;
    sum += share;
    const auto upto = std::min(total, static_cast<std::int64_t>(std::floor(sum * static_cast<double>(total) + 1e-6)));
    give(h.job, upto - given, share);
    given = upto;
  }
  if (given < total || shares < 1.0 - 1e-9) give("", total - given, 1.0 - sum);
}

void DeviceEnergySplitter::forget(Duration before) {
  while (!history_.empty() && history_.front().to.at.boot < before) history_.pop_front();
  std::erase_if(allocations_, [&](const Allocation& h) { return !history_.empty() && h.until <= history_.front().from.at.boot; });
}

}  // namespace carbon::energy

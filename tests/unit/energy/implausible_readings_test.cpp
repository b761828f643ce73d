// SPDX-License-Identifier: Apache-2.0
// Random readings of each kind of meter, with faults of drivers in them, of a device whose power is known at all times: what is
// billed to jobs against that power's integral. CARBON_SEQUENCES sets the number of sequences per meter (default 2000).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <random>

#include "energy/device_energy_splitter.h"

namespace carbon::energy {
namespace {

constexpr std::int64_t kStart = 1'764'000'000'000;

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  double between(double a, double b) { return std::uniform_real_distribution<double>(a, b)(random_); }
  double log_between(double a, double b) { return std::exp(between(std::log(a), std::log(b))); }
  std::int64_t whole(std::int64_t a, std::int64_t b) { return std::uniform_int_distribution<std::int64_t>(a, b)(random_); }
  bool chance(double p) { return between(0, 1) < p; }

 private:
  std::mt19937_64 random_;
};

// Power in watts over time in seconds, straight between knots: plateaus joined by ramps.
class TruePower {
 public:
  TruePower(Dice& dice, double rated, double until) {
    double watts = rated * dice.between(0.15, 1), t = -10;
    add(t, watts);
    while (t < until + 10) {
      add(t += dice.between(10, 90), watts);
      watts = rated * dice.between(0.15, 1);
      add(t += dice.between(4, 15), watts);
    }
  }
  double watts(double t) const {
    const auto k = knot(t);
    return k.watts + k.slope * (t - k.t);
  }
  double joules(double t) const {  // since the first knot
    const auto k = knot(t);
    return k.joules + (k.watts + watts(t)) / 2 * (t - k.t);
  }
  double joules(double from, double to) const { return joules(to) - joules(from); }

 private:
  struct Knot {
    double t, watts, joules, slope;
  };
  void add(double t, double watts) {
    double joules = 0;
    if (!knots_.empty()) {
      auto& last = knots_.back();
      joules = last.joules + (last.watts + watts) / 2 * (t - last.t);
      last.slope = (watts - last.watts) / (t - last.t);
    }
    knots_.push_back({t, watts, joules, 0});
  }
  Knot knot(double t) const {
    const auto after = std::upper_bound(knots_.begin(), knots_.end(), t, [](double x, const Knot& k) { return x < k.t; });
    return *std::prev(after);
  }
  std::vector<Knot> knots_;
};

struct MeterKind {
  const char* name;
  bool counter;
  double update_s, joules_per_count, wraps_at_j;
  bool has_power;
};
constexpr MeterKind kNvml{"NVML counter", true, 0.1, 1e-3, 0, true};
constexpr MeterKind kPower{"power", false, 0, 0, 0, true};
constexpr MeterKind kRocm{"ROCm counter", true, 0.001, 15.259e-6, 0, true};
constexpr MeterKind kRapl{"RAPL", true, 0.001, 61e-6, 65'712, false};

enum class Fault { kDip, kSpike, kJump, kReset, kGarbage, kZero, kGap, kStop, kStopForGood };

// The driver: shows what the device drew, with what is wrong at the time.
class FaultyDriver {
 public:
  FaultyDriver(Dice& dice, const MeterKind& kind, const TruePower& power, double rated)
      : dice_(dice), kind_(kind), power_(power), rated_(rated), offset_j_(dice.log_between(1, 1e9)) {
    if (kind.wraps_at_j > 0) offset_j_ = dice.between(0, kind.wraps_at_j);
  }

  void strike(Fault fault, double t) {
    switch (fault) {
      case Fault::kReset:
      case Fault::kJump: {
        const double shown = offset_j_ + power_.joules(0, t) - missed(t);
        if (fault == Fault::kReset) offset_j_ -= shown;
        if (fault == Fault::kJump) offset_j_ += dice_.log_between(1, 1e10);

        break;
      }
      case Fault::kStop: stop(t, dice_.between(3, 60)); break;
      case Fault::kStopForGood: stop(t, 1e9); break;
      case Fault::kGap: silent_until_ = t + dice_.between(2, 60); break;
      case Fault::kZero:
        wrong_ = fault;
        wrong_until_ = dice_.chance(0.5) ? t : t + dice_.between(1, 20);
        break;
      default: wrong_ = fault; wrong_until_ = t;
    }
  }

  std::optional<Sample> read(double t) {
    if (t < silent_until_) return std::nullopt;
    Sample s;
    const std::optional<Fault> wrong = std::exchange(wrong_, wrong_ && t < wrong_until_ ? wrong_ : std::nullopt);
    if (!kind_.counter) {
      s.power = Watts(t < stopped_from_ || t >= stopped_until_ ? shown_watts(t, wrong) : 0.0);
    } else {
      s.counter_uj = shown_uj(t, wrong);
      if (s.counter_uj != last_uj_) moved_at_ = t;
      last_uj_ = s.counter_uj;
      if (kind_.has_power && t - moved_at_ >= 1) s.power = Watts(dice_.chance(0.9) ? power_.watts(t) : 0.0);
    }
    const auto lag = Duration(std::llround(kind_.update_s * 500));
    s.at = {Duration(std::llround(t * 1000)) - lag, from_unix_ms(kStart + std::llround(t * 1000) - lag.count())};
    s.time_uncertainty = lag;
    return s;
  }

 private:
  void stop(double t, double length) {
    if (t < stopped_until_) return;
    missed_j_ = missed(t);
    stopped_from_ = t;
    stopped_until_ = t + length;
  }
  double missed(double t) const {
    return missed_j_ + (t > stopped_from_ ? power_.joules(stopped_from_, std::min(t, stopped_until_)) : 0);
  }
  std::int64_t shown_uj(double t, const std::optional<Fault>& wrong) {
    const double renewed = std::floor((t + 0.037) / kind_.update_s) * kind_.update_s - 0.037;
    double joules = std::max(0.0, offset_j_ + power_.joules(0, renewed) - missed(renewed));
    if (kind_.wraps_at_j > 0) joules = std::fmod(joules, kind_.wraps_at_j);
    if (wrong == Fault::kDip) joules = std::max(0.0, joules - dice_.log_between(1e-3, 1e6));
    if (wrong == Fault::kSpike) joules += dice_.log_between(1, 1e12);
    if (wrong == Fault::kZero) joules = 0;
    if (wrong == Fault::kGarbage)
      return dice_.chance(0.3) ? std::numeric_limits<std::int64_t>::min()
                               : dice_.whole(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
    return std::llround(std::floor(joules / kind_.joules_per_count) * kind_.joules_per_count * 1e6);
  }
  double shown_watts(double t, const std::optional<Fault>& wrong) {
    if (!wrong) return power_.watts(t);
    if (wrong == Fault::kZero) return 0;
    if (wrong == Fault::kDip) return -dice_.log_between(1e-3, 1e6);
    if (wrong == Fault::kGarbage)
      return dice_.chance(0.5) ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
    return rated_ * dice_.log_between(1.2, 1e9);
  }

  Dice& dice_;
  const MeterKind& kind_;
  const TruePower& power_;
  double rated_, offset_j_;
  double missed_j_ = 0, stopped_from_ = 1e18, stopped_until_ = -1e18, silent_until_ = -1, wrong_until_ = 0;
  std::optional<Fault> wrong_;
  std::optional<std::int64_t> last_uj_;
  double moved_at_ = 0;
};

struct Bill {
  double from = 0, to = 0;  // seconds
  std::int64_t mj = 0, estimated_mj = 0;
  double variance = 0;
  double joules() const { return static_cast<double>(mj) / 1000; }
  double half_width() const { return 1.96 * std::sqrt(std::max(0.0, variance)) / 1000; }
};

struct Sequence {
  std::vector<Bill> jobs;
  std::vector<double> truth;
  double rated = 0;
  std::int64_t line_mj = 0, slices_mj = 0;
};

// Two jobs, one after the other, on a device that is read about every second.
Sequence play(Dice& dice, const MeterKind& kind, bool faults) {
  Sequence out;
  out.rated = dice.between(100, 700);
  const double shortest = faults ? 20 : 120;
  Bill first, second;
  first.from = dice.between(5, 15);
  first.to = first.from + dice.between(shortest, shortest + 100);
  second.from = first.to + dice.between(0, 5);
  second.to = second.from + dice.between(shortest, shortest + 100);
  const double until = second.to + 3;
  const TruePower power(dice, out.rated, until);
  FaultyDriver driver(dice, kind, power, out.rated);
  std::vector<std::pair<double, Fault>> due;
  for (auto n = faults ? dice.whole(1, 4) : 0; n > 0; --n)
    due.emplace_back(dice.between(0, until), static_cast<Fault>(dice.whole(0, static_cast<int>(Fault::kStopForGood))));
  std::sort(due.begin(), due.end());

  DeviceInfo info;
  info.id = "device";
  info.type = kind.wraps_at_j > 0 ? "cpu" : "gpu";
  info.method = kind.counter ? Method::kCounter : Method::kIntegrated;
  info.update = Duration(kind.update_s > 0.01 ? std::llround(kind.update_s * 1000) : 0);
  info.wraps_at_uj = std::llround(kind.wraps_at_j * 1e6);
  info.rated = Watts(out.rated);
  DeviceEnergySplitter splitter(info, Duration(300'000), Duration(3000));
  std::map<std::string, Bill> bills{{"first", first}, {"second", second}};
  const auto add = [&](const std::vector<EnergySlice>& slices) {
    for (const auto& s : slices) {
      out.slices_mj += s.mj;
      if (s.job.empty()) continue;
      auto& bill = bills.at(s.job);
      bill.mj += s.mj;
      bill.estimated_mj += s.estimated_mj;
      bill.variance += s.variance_mj2;
    }
  };
  const auto ms = [](double t) { return Duration(std::llround(t * 1000)); };
  std::map<std::string, int> marks;
  for (double t = 0; !splitter.known_until(ms(second.to)) && t < until + 100; t += dice.between(0.75, 1.25)) {
    for (const auto& [name, bill] : bills) {
      auto& seen = marks[name];
      if (seen == 0 && bill.from <= t) {
        add(splitter.allocate({name, 1.0, ms(bill.from)}));
        ++seen;
      }
      if (seen == 1 && bill.to <= t) {
        add(splitter.release(name, ms(bill.to)));
        ++seen;
      }
    }
    for (; !due.empty() && due.front().first <= t; due.erase(due.begin())) driver.strike(due.front().second, due.front().first);
    if (const auto sample = driver.read(t)) add(splitter.feed(*sample, "boot"));
  }
  out.line_mj = splitter.counter().state()->last.uj / 1000;
  for (const auto& [_, bill] : bills) {
    out.jobs.push_back(bill);
    out.truth.push_back(power.joules(bill.from, bill.to));
  }
  return out;
}

int sequences() {
  const char* n = std::getenv("CARBON_SEQUENCES");
  return n ? std::max(1, std::atoi(n)) : 2000;
}

void expect_honest_bills(const MeterKind& kind) {
  Dice dice(18);
  int covered = 0, jobs = 0, estimated = 0;
  for (int i = 0; i < sequences(); ++i) {
    const auto s = play(dice, kind, true);
    ASSERT_EQ(s.line_mj, s.slices_mj) << "sequence " << i;
    for (std::size_t k = 0; k < s.jobs.size(); ++k, ++jobs) {
      const auto& job = s.jobs[k];
      const double most = 1.1 * s.rated * (job.to - job.from);
      ASSERT_TRUE(job.estimated_mj > 0 || job.joules() <= most) << "sequence " << i << ": " << job.joules() << " J of " << most;
      ASSERT_GE(job.mj, 0);
      const double error = std::abs(job.joules() - s.truth[k]);
      covered += error <= job.half_width() + 0.002 ? 1 : 0;
      estimated += job.estimated_mj > 0 ? 1 : 0;
    }
  }
  std::printf("%-14s with faults: %d jobs, %d with an estimated part; the 95 %% interval holds the truth in %.2f %%\n", kind.name,
              jobs, estimated, 100.0 * covered / jobs);
  EXPECT_GE(covered, 0.93 * jobs);
}

void expect_exact_bills(const MeterKind& kind) {
  Dice dice(81);
  double worst = 0, widest = 0;
  for (int i = 0; i < sequences(); ++i) {
    const auto s = play(dice, kind, false);
    ASSERT_EQ(s.line_mj, s.slices_mj) << "sequence " << i;
    for (std::size_t k = 0; k < s.jobs.size(); ++k) {
      const auto& job = s.jobs[k];
      ASSERT_EQ(job.estimated_mj, 0) << "sequence " << i;
      worst = std::max(worst, std::abs(job.joules() - s.truth[k]) / s.truth[k]);
      widest = std::max(widest, 2 * job.half_width() / s.truth[k]);
    }
  }
  std::printf("%-14s without a fault: off by up to %.3f %%, interval up to %.2f %% wide\n", kind.name, 100 * worst, 100 * widest);
  EXPECT_LE(worst, 0.01);
  EXPECT_LE(widest, 0.02);
}

TEST(ImplausibleReadings, OfNvidiaAreNeverBilledAsMeasured) { expect_honest_bills(kNvml); }
TEST(ImplausibleReadings, OfAmdAreNeverBilledAsMeasured) { expect_honest_bills(kRocm); }
TEST(ImplausibleReadings, OfRaplAreNeverBilledAsMeasured) { expect_honest_bills(kRapl); }
TEST(ImplausibleReadings, OfPowerAreNeverBilledAsMeasured) { expect_honest_bills(kPower); }

TEST(ImplausibleReadings, WithoutAFaultNothingIsEstimated) {
  for (const auto& kind : {kNvml, kPower, kRocm, kRapl}) expect_exact_bills(kind);
}

}  // namespace
}  // namespace carbon::energy

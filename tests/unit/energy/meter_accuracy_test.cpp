// SPDX-License-Identifier: Apache-2.0
// How far from the truth a job's energy is, in simulated time: the meter code and the bookkeeping of production against power
// curves whose integral is known. Each test prints its figure.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

#include "energy/counter_update_search.h"
#include "energy/device_energy_splitter.h"
#include "tests/fakes/fake_gpus.h"

namespace carbon::energy {
namespace {

constexpr std::int64_t kStart = 1'764'000'000'000;

// A simulated GPU on a clock that the test moves; a call takes 1 ms.
class SimulatedMeter final : public Meter {
 public:
  SimulatedMeter(fakes::PowerCurve curve, bool counter) {
    gpu_.curve = std::move(curve);
    info_.id = "GPU-SIMULATED-0";
    info_.type = "gpu";
    info_.method = counter ? Method::kCounter : Method::kIntegrated;
    info_.update = Duration(counter ? 100 : 0);
    info_.rated = Watts(400);
  }
  const DeviceInfo& info() const override { return info_; }
  Result<Sample> read() override {
    Sample s;
    s.at = {now, from_unix_ms(kStart + now.count())};
    const double t = static_cast<double>(kStart + now.count()) / 1000.0;
    if (info_.method == Method::kCounter) {
      s.counter_uj = static_cast<std::int64_t>(gpu_.counter_joules(t) * 1000) * 1000;
    } else {
      s.power = Watts(gpu_.curve.watts(t));
    }
    now += Duration(1);
    return s;
  }
  Result<Watts> power() override { return Watts(0); }
  double truth_mj(Duration from, Duration to) const {
    return gpu_.curve.joules(static_cast<double>(kStart + from.count()) / 1000.0,
                             static_cast<double>(kStart + to.count()) / 1000.0) *
           1000;
  }

  Duration now{0};

 private:
  fakes::FakeGpu gpu_;
  DeviceInfo info_;
};

struct Measured {
  double mj = 0, truth_mj = 0, half_width_mj = 0;
  double error() const { return std::abs(mj - truth_mj) / truth_mj; }
};

// One job from `from` to `to`: readings about every second, a counter update search as soon as a mark is seen.
Measured measure(SimulatedMeter& meter, Duration from, Duration to, std::mt19937& random) {
  DeviceEnergySplitter splitter(meter.info(), Duration(300'000), Duration(3000));
  Measured out;
  double variance = 0;
  const auto add = [&](const std::vector<EnergySlice>& slices) {
    for (const auto& s : slices) {
      EXPECT_EQ(s.estimated_mj, 0) << s.reason;
      if (s.job.empty()) continue;
      out.mj += static_cast<double>(s.mj);
      variance += s.variance_mj2;
    }
  };
  const auto search = [&] {
    const auto found = find_counter_update(meter, [&](Duration d) { meter.now += d; });
    for (const auto& s : found->samples) add(splitter.feed(s, "b"));
  };
  std::uniform_int_distribution<int> jitter(-250, 250), latency(0, 20);
  const Duration seen_start = from + Duration(latency(random)), seen_end = to + Duration(latency(random));
  bool started = false, ended = false;
  for (int round = 0; !splitter.known_until(to + Duration(1)); ++round) {
    const Duration due = Duration(1000 * round + (round > 0 ? jitter(random) : 0));
    if (!started && seen_start <= due) {
      meter.now = std::max(meter.now, seen_start);
      add(splitter.allocate({"job", 1.0, from}));
      search();
      started = true;
    }
    if (!ended && seen_end <= due) {
      meter.now = std::max(meter.now, seen_end);
      add(splitter.release("job", to));
      search();
      ended = true;
    }
    meter.now = std::max(meter.now, due);
    add(splitter.feed(*read_once(meter), "b"));
  }
  out.truth_mj = meter.truth_mj(from, to);
  out.half_width_mj = 1.96 * std::sqrt(variance);
  return out;
}

std::string number(double x) { return std::to_string(x); }

// With the counter within 0.1 %, for jobs of 60 s and more.
TEST(Accuracy, TheCounterIsWithinATenthOfAPercent) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> phase(5000, 6000), length(60'000, 300'000);
  for (const char* curve : {"constant:300", "constant:400", "square:60,300,0.07,0.5", "bursts:60,400,5,0.05",
                            "bursts:60,400,2,1.1", "ramp:60,400,20", "ramp:60,400,0.9", "square:60,400,13,0.3"}) {
    double worst = 0;
    for (int i = 0; i < 100; ++i) {
      SimulatedMeter meter(*fakes::PowerCurve::parse(curve), true);
      const Duration from(phase(random));
      worst = std::max(worst, measure(meter, from, from + Duration(length(random)), random).error());
    }
    std::printf("counter, %-24s worst of 100 jobs: %.4f %%\n", curve, worst * 100);
    EXPECT_LE(worst, 0.001) << curve;
  }
}

TEST(Accuracy, OfTheCounterTheStatedIntervalCoversTheTruth) {
  std::mt19937 random(2);
  std::uniform_int_distribution<int> phase(5000, 6000), length(10'000, 100'000);
  int covered = 0;
  for (int i = 0; i < 200; ++i) {
    SimulatedMeter meter(*fakes::PowerCurve::parse(i % 2 == 0 ? "constant:300" : "ramp:60,400,7"), true);
    const Duration from(phase(random));
    const auto m = measure(meter, from, from + Duration(length(random)), random);
    covered += std::abs(m.mj - m.truth_mj) <= m.half_width_mj + 2 ? 1 : 0;
  }
  std::printf("counter: the stated 95 %% interval covers the truth in %d of 200\n", covered);
  EXPECT_GE(covered, 190);
}

std::string random_curve(std::mt19937& random) {
  const auto between = [&](double a, double b) { return std::uniform_real_distribution<double>(a, b)(random); };
  const auto low = number(between(40, 120)), high = number(between(150, 400));
  switch (std::uniform_int_distribution<int>(0, 4)(random)) {
    case 0: return "constant:" + high;
    case 1:
      return "square:" + low + ',' + high + ',' + number(std::exp(between(std::log(0.07), std::log(60)))) + ',' +
             number(between(0.2, 0.8));
    case 2: return "bursts:" + low + ',' + high + ',' + number(between(2, 30)) + ',' + number(between(0.05, 1));
    case 3: return "ramp:" + low + ',' + high + ',' + number(between(5, 120));
    default: return "constant:" + low + "+square:0,100," + number(between(0.1, 5)) + ",0.5+ramp:0,150," + number(between(3, 60));
  }
}

// Without a counter, over 200 random curves the stated interval covers the truth in at least 95 %, and its median
// half-width is at most 5 %.
TEST(Accuracy, OfIntegratedPowerTheStatedIntervalCoversTheTruth) {
  for (const unsigned seed : {3u, 4u, 5u}) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<int> phase(5000, 6000), length(60'000, 600'000);
    int covered = 0;
    std::vector<double> widths;
    for (int i = 0; i < 200; ++i) {
      const auto curve = fakes::PowerCurve::parse(random_curve(random));
      ASSERT_TRUE(curve);
      SimulatedMeter meter(*curve, false);
      const Duration from(phase(random));
      const auto m = measure(meter, from, from + Duration(length(random)), random);
      covered += std::abs(m.mj - m.truth_mj) <= m.half_width_mj + 2 ? 1 : 0;
      widths.push_back(m.half_width_mj / m.truth_mj);
    }
    std::nth_element(widths.begin(), widths.begin() + 100, widths.end());
    std::printf("integrated power, seed %u: covered %d of 200, median half-width %.2f %%\n", seed, covered, widths[100] * 100);
    EXPECT_GE(covered, 190);
    EXPECT_LE(widths[100], 0.05);
  }
}

}  // namespace
}  // namespace carbon::energy

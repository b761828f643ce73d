// SPDX-License-Identifier: Apache-2.0
#include "energy/energy_counter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace carbon::energy {
namespace {

constexpr std::int64_t kStart = 1'764'000'000'000;

Moment at(std::int64_t ms) { return {Duration(ms), from_unix_ms(kStart + ms)}; }
Sample counter(std::int64_t ms, std::int64_t uj) { return {at(ms), uj, std::nullopt, Duration(0)}; }
Sample power(std::int64_t ms, double w) { return {at(ms), std::nullopt, Watts(w), Duration(0)}; }

DeviceInfo gpu(Method method = Method::kCounter) {
  DeviceInfo d;
  d.id = "GPU-1";
  d.type = "gpu";
  d.method = method;
  d.rated = Watts(400);
  return d;
}

TEST(EnergyCounter, CountsDifferencesOfTheCounter) {
  EnergyCounter a(gpu(), Duration(3000));
  EXPECT_FALSE(a.feed(counter(0, 5'000'000), "b"));
  const auto s = a.feed(counter(1000, 5'300'000), "b");
  ASSERT_TRUE(s);
  EXPECT_EQ(s->uj(), 300'000);
  EXPECT_EQ(s->estimated_uj, 0);
  EXPECT_FALSE(a.feed(counter(900, 5'290'000), "b")) << "a reading from before the last one changes nothing";
}

TEST(EnergyCounter, ARestartedCounterLosesNothingSilently) {
  EnergyCounter a(gpu(), Duration(3000));
  a.feed(counter(0, 900'000'000), "b");
  a.feed(counter(1000, 1'200'000'000), "b");               // 300 W
  const auto s = a.feed(counter(2000, 100'000'000), "b");  // restarted, a third of a second ago
  ASSERT_TRUE(s);
  EXPECT_EQ(s->uj(), 300'000'000);
  EXPECT_EQ(s->estimated_uj, 200'000'000);
  EXPECT_EQ(a.implausible().fell, 1u);
  EXPECT_STREQ(s->reason, "the energy counter restarted at zero");
  EXPECT_GT(s->variance_uj2, 0);
}

TEST(EnergyCounter, AWrappingCounterWraps) {
  auto info = gpu();
  info.wraps_at_uj = 1'000'000;
  EnergyCounter a(info, Duration(3000));
  a.feed(counter(0, 900'000), "b");
  const auto s = a.feed(counter(1000, 150'000), "b");
  EXPECT_EQ(s->uj(), 250'000);
  EXPECT_EQ(s->estimated_uj, 0);
}

TEST(EnergyCounter, IntegratesPowerWhereThereIsNoCounter) {
  EnergyCounter a(gpu(Method::kIntegrated), Duration(3000));
  a.feed(power(0, 100), "b");
  const auto s = a.feed(power(1000, 200), "b");
  EXPECT_EQ(s->uj(), 150'000'000);
  EXPECT_GT(s->variance_uj2, 0);
  EXPECT_EQ(s->estimated_uj, 0);
  const auto gap = a.feed(power(11'000, 200), "b");
  EXPECT_EQ(gap->estimated_uj, gap->uj()) << "ten seconds without a reading are an estimate";
}

TEST(EnergyCounter, ExtrapolatesASilentDeviceAndCorrectsTheExcess) {
  EnergyCounter a(gpu(), Duration(3000));
  a.feed(counter(0, 0), "b");
  a.feed(counter(1000, 300'000'000), "b");
  const auto guess = a.extrapolate(at(11'000));
  EXPECT_EQ(guess->uj(), 3'000'000'000);
  EXPECT_EQ(guess->estimated_uj, guess->uj());
  // In truth it drew 100 W: the line waits.
  const auto back = a.feed(counter(12'000, 1'400'000'000), "b");
  EXPECT_EQ(back->uj(), 0);
  EXPECT_EQ(back->to.uj, 3'300'000'000);
  const auto still = a.feed(counter(31'000, 3'400'000'000), "b");
  EXPECT_EQ(still->to.uj, 3'400'000'000) << "and goes on with the truth";
}

TEST(EnergyCounter, AfterARebootNothingIsCountedOverTheGap) {
  EnergyCounter a(gpu(), Duration(3000));
  a.feed(counter(0, 500'000), "b1");
  EXPECT_FALSE(a.feed(counter(100, 900'000), "b2"));
  EXPECT_EQ(a.feed(counter(200, 950'000), "b2")->uj(), 50'000);
}

TEST(EnergyCounter, GoesOnFromASavedState) {
  EnergyCounter a(gpu(), Duration(3000));
  a.feed(counter(0, 500'000), "b");
  const auto saved = *a.state();
  a.feed(counter(1000, 700'000), "b");
  EnergyCounter b(gpu(), Duration(3000));
  b.restore(saved);
  EXPECT_EQ(b.catch_up(*a.state())->uj(), 200'000);
  EXPECT_EQ(b.feed(counter(2000, 800'000), "b")->uj(), 100'000);
}

// What readings of `joules` a second apart come to, in joules.
struct Sum {
  double joules = 0, estimated = 0, half_width = 0;
};
Sum sum_of(EnergyCounter& counter, const std::vector<double>& joules) {
  Sum sum;
  double variance = 0;
  for (std::size_t s = 0; s < joules.size(); ++s) {
    const auto segment =
        counter.feed({at(1000 * static_cast<std::int64_t>(s)), std::llround(joules[s] * 1e6), std::nullopt, Duration(0)}, "b");
    if (!segment) continue;
    sum.joules += static_cast<double>(segment->uj()) / 1e6;
    sum.estimated += static_cast<double>(segment->estimated_uj) / 1e6;
    variance += segment->variance_uj2;
  }
  sum.half_width = 1.96 * std::sqrt(variance) / 1e6;
  return sum;
}

TEST(EnergyCounter, ARaplCounterThatStartsAnewBelowItsWrapHasNotWrapped) {
  auto info = gpu();
  info.type = "cpu";
  info.wraps_at_uj = 65'712'999'613;
  EnergyCounter counter(info, Duration(3000));
  // 100 W; the driver is loaded again after 4.7 s.
  const auto sum = sum_of(counter, {20'000, 20'100, 20'200, 20'300, 20'400, 30, 130, 230, 330});
  EXPECT_NEAR(sum.joules, 800, 0.001);
  EXPECT_NEAR(sum.estimated, 70, 0.001);
  EXPECT_EQ(counter.implausible().fell, 1u);
}

TEST(EnergyCounter, AReadingThatIsOneJouleTooLowIsNotARestart) {
  EnergyCounter counter(gpu(), Duration(3000));
  const double start = 126'275'569;
  const auto sum = sum_of(counter, {start, start + 250, start + 500, start + 750, start + 749, start + 1250, start + 1500,
                                    start + 1750, start + 2000});
  EXPECT_NEAR(sum.joules, 2000, 0.001);
  EXPECT_NEAR(sum.estimated, 250, 0.001);
  EXPECT_EQ(counter.implausible().fell, 1u);
}

TEST(EnergyCounter, AJumpIsNoEnergyWhetherItLastsOrNot) {
  EnergyCounter once(gpu(), Duration(3000)), lasting(gpu(), Duration(3000));
  for (const auto& sum :
       {sum_of(once, {0, 300, 600, 9e9, 1200, 1500}), sum_of(lasting, {0, 300, 600, 9e9, 9e9 + 300, 9e9 + 600})}) {
    EXPECT_NEAR(sum.joules, 1500, 0.001);
    EXPECT_NEAR(sum.estimated, 300, 0.001);
    EXPECT_GT(sum.half_width, 100);
  }
  EXPECT_EQ(once.implausible().jumped, 1u);
  EXPECT_EQ(lasting.implausible().jumped, 1u);
}

TEST(EnergyCounter, GarbageAtEachReadingIsEstimatedThroughout) {
  EnergyCounter counter(gpu(), Duration(3000));
  const auto sum = sum_of(counter, {0, 300, 7e9, 3, 5e11, -4e12, 2e8, 8e7, 9e12});
  EXPECT_NEAR(sum.joules, 8 * 300, 0.001);
  EXPECT_NEAR(sum.estimated, 7 * 300, 0.001);
}

TEST(EnergyCounter, ExcursionsAboveTheLimitAreReal) {
  EnergyCounter counter(gpu(), Duration(3000));
  // 400 W, and 800 W for the 40 ms before the third reading.
  const auto sum = sum_of(counter, {0, 400, 816, 1216, 1616});
  EXPECT_NEAR(sum.joules, 1616, 0.001);
  EXPECT_EQ(sum.estimated, 0);
  EXPECT_EQ(counter.implausible().total(), 0u);
}

TEST(EnergyCounter, AReadingWhoseCallHungMayBeAsNewAsItsEnd) {
  EnergyCounter a(gpu(), Duration(3000));
  a.feed(counter(0, 0), "b");
  a.feed(counter(1000, 390'000'000), "b");
  // Asked at 1.1 s, answered at 7.1 s.
  const auto s = a.feed({at(4100), 7'100 * 390'000LL, std::nullopt, Duration(3000)}, "b");
  EXPECT_EQ(s->uj(), 6'100 * 390'000LL);
  EXPECT_EQ(s->estimated_uj, 0);
  // Not yet renewed, which is no standstill.
  EXPECT_EQ(a.feed(counter(7150, 7'100 * 390'000LL), "b")->estimated_uj, 0);
  EXPECT_EQ(a.implausible().total(), 0u);
}

TEST(EnergyCounter, OneThatDriftsAboveTheLimitIsNoticed) {
  EnergyCounter counter(gpu(), Duration(3000));
  std::vector<double> joules;
  for (int s = 0; s <= 60; ++s) joules.push_back(450.0 * s);  // 10 W above what is allowed
  EXPECT_GT(sum_of(counter, joules).estimated, 0);
}

TEST(EnergyCounter, ALimitThatMayBeRaisedIsWhatTheDeviceCanDraw) {
  auto info = gpu();
  info.most = Watts(700);
  EnergyCounter counter(info, Duration(3000));
  EXPECT_EQ(sum_of(counter, {0, 650, 1300}).estimated, 0);
  auto no_limit = gpu();
  no_limit.rated = Watts(1.8e13);
  EnergyCounter unlimited(no_limit, Duration(3000));
  EXPECT_GT(sum_of(unlimited, {0, 300, 9e9, 600}).estimated, 0) << "2^64 uW are no limit";
}

TEST(EnergyCounter, OneThatStopsIsReplacedByPowerAndSaysSo) {
  EnergyCounter a(gpu(), Duration(3000));
  a.feed(counter(0, 0), "b");
  a.feed(counter(1000, 300'000'000), "b");
  std::int64_t uj = 300'000'000, estimated = 0;
  for (int s = 2; s <= 10; ++s) {
    const auto segment = a.feed({at(1000 * s), 300'000'000, Watts(200), Duration(0)}, "b");
    uj += segment->uj();
    estimated += segment->estimated_uj;
    EXPECT_STREQ(segment->reason, "the energy counter stands still: power x time");
  }
  EXPECT_EQ(uj, 300'000'000 + 9 * 200'000'000LL);
  EXPECT_EQ(estimated, 9 * 200'000'000LL);
  EXPECT_EQ(a.implausible().stopped, 9u);
  // It goes on from where it stood: the nine seconds are not in it.
  const auto again = a.feed(counter(11'000, 500'000'000), "b");
  EXPECT_GT(again->estimated_uj, 0);
  EXPECT_EQ(a.feed(counter(12'000, 700'000'000), "b")->uj(), 200'000'000);
}

TEST(EnergyCounter, ADeviceThatReportsNothingButZeroIsEstimated) {
  EnergyCounter a(gpu(), Duration(3000)), b(gpu(Method::kIntegrated), Duration(3000));
  std::int64_t of_a = 0, of_b = 0;
  for (int s = 0; s <= 60; ++s) {
    for (auto* estimated : {&of_a, &of_b}) {
      const bool counts = estimated == &of_a;
      const auto segment =
          (counts ? a : b)
              .feed({at(1000 * s), counts ? std::optional<std::int64_t>(0) : std::nullopt, Watts(0), Duration(0)}, "b");
      if (!segment) continue;
      *estimated += segment->estimated_uj;
      EXPECT_EQ(segment->estimated_uj, segment->uj());
    }
  }
  for (const auto uj : {of_a, of_b}) EXPECT_EQ(uj, 60 * 200'000'000LL) << "half of the rated power";
}

TEST(EnergyCounter, APowerThatIsNoneIsAGap) {
  for (const double wrong : {0.0, -5.0, 1e5, std::nan(""), std::numeric_limits<double>::infinity()}) {
    EnergyCounter a(gpu(Method::kIntegrated), Duration(3000));
    a.feed(power(0, 200), "b");
    a.feed(power(1000, 200), "b");
    const auto bad = a.feed(power(2000, wrong), "b");
    EXPECT_EQ(bad->uj(), 200'000'000) << wrong;
    EXPECT_EQ(bad->estimated_uj, 200'000'000) << wrong;
    EXPECT_EQ(a.feed(power(3000, 200), "b")->estimated_uj, 200'000'000) << wrong << ": one end is not known";
    EXPECT_EQ(a.feed(power(4000, 200), "b")->estimated_uj, 0) << wrong;
    EXPECT_EQ(a.implausible().power, 1u) << wrong;
  }
}

TEST(EnergyCounter, WhatWasEstimatedStaysEstimatedAfterARestartOfCarbond) {
  EnergyCounter a(gpu(), Duration(3000));
  a.feed(counter(0, 0), "b");
  a.feed(counter(1000, 300'000'000), "b");
  EnergyCounter b(gpu(), Duration(3000));
  b.restore(*a.state());
  a.feed(counter(2000, 9'000'000'000'000), "b");
  const auto between = b.catch_up(*a.state());
  EXPECT_EQ(between->uj(), 300'000'000);
  EXPECT_EQ(between->estimated_uj, 300'000'000);
  EXPECT_GT(between->variance_uj2, 0);
  EXPECT_EQ(b.feed(counter(3000, 900'000'000), "b")->uj(), 300'000'000) << "the jump was wrong once";
}

}  // namespace
}  // namespace carbon::energy

// SPDX-License-Identifier: Apache-2.0
#include "energy/energy_counter.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace carbon::energy

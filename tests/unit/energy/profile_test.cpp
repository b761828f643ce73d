// SPDX-License-Identifier: Apache-2.0
#include "energy/profile.h"

#include <gtest/gtest.h>

namespace carbon::energy {
namespace {

Instant t(std::int64_t ms) { return from_unix_ms(ms); }

TEST(Profile, FillsTheIntervalThatHoldsTheTime) {
  Profile p(Duration(500));
  p.add(t(1499), 10, Duration(0));
  p.add(t(1500), 20, Duration(5));
  p.add(t(3000), 30, Duration(0));
  EXPECT_EQ(p.first(), t(1000));
  EXPECT_EQ(p.mj(), (std::vector<std::int64_t>{10, 20, 0, 0, 30}));
  EXPECT_EQ(p.idle_ms(), (std::vector<std::int64_t>{0, 5, 0, 0, 0}));
  p.add(t(600), 1, Duration(0));
  EXPECT_EQ(p.first(), t(500));
  EXPECT_EQ(p.total_mj(), 61);
}

TEST(Profile, FitsIntoTheJobWithoutLosingEnergy) {
  Profile p(Duration(1000));
  for (int k = 0; k < 10; ++k) p.add(t(1000 * k), 100, Duration(1000));
  p.fit_into(t(3500), t(6000));
  EXPECT_EQ(p.first(), t(3000));
  EXPECT_EQ(p.mj(), (std::vector<std::int64_t>{400, 100, 100, 400}));
  EXPECT_EQ(p.idle_ms(), (std::vector<std::int64_t>{1000, 1000, 1000, 1000}));
}

TEST(Profile, SpreadsWhatIsOnlyKnownAsASum) {
  Profile p(Duration(1000));
  p.spread(t(500), t(3000), 100);
  EXPECT_EQ(p.mj(), (std::vector<std::int64_t>{20, 40, 40}));
  p.spread(t(500), t(500), 7);
  EXPECT_EQ(p.mj(), (std::vector<std::int64_t>{27, 40, 40}));
}

// A node that boots in 1970 and then learns the time, or the reverse: no memory for the years between, and no energy lost.
TEST(Profile, AClockThatJumpsByYearsCostsNoMemory) {
  constexpr std::int64_t kYears = 56LL * 365 * 86'400'000;
  for (const std::int64_t jump : {kYears, -kYears}) {
    Profile p(Duration(300'000));
    p.add(t(kYears), 10, Duration(0));
    p.add(t(kYears + 300'000), 20, Duration(0));
    p.add(t(kYears + jump), 30, Duration(0));
    EXPECT_LE(p.mj().size(), 2u);
    EXPECT_EQ(p.total_mj(), 60);
  }
}

TEST(Profile, KeepsTheLastIntervals) {
  Profile p(Duration(1000));
  for (int k = 0; k < 10; ++k) p.add(t(1000 * k), k, Duration(0));
  p.keep_last(3);
  EXPECT_EQ(p.first(), t(7000));
  EXPECT_EQ(p.mj(), (std::vector<std::int64_t>{7, 8, 9}));
  EXPECT_EQ(p.at(t(8999)), 8);
  EXPECT_EQ(p.at(t(6999)) + p.at(t(10'000)), 0);
}

}  // namespace
}  // namespace carbon::energy

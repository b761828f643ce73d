// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/output_check.h"

#include <gtest/gtest.h>

#include <cmath>

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr std::size_t kDays = 3, kSteps = kDays * 24;

// Nuclear always, gas by day and night, solar by day alone with rows for the day alone, wind that rises on the last day, and oil
// that has not run.
class Mix : public testing::Test {
 protected:
  Mix() {
    for (auto code : {"nuclear", "gas", "solar", "wind", "oil"}) rows[code].row.resize(kSteps);
    rows["solar"].is_solar = true;
    for (std::size_t i = 0; i < kSteps; ++i) {
      const auto hour = static_cast<double>(i % 24);
      rows["nuclear"].row[i] = 2000 + 10 * static_cast<double>(i % 5);
      rows["gas"].row[i] = 4000 + 1500 * std::sin(hour / 24 * 6.28);
      if (hour > 5 && hour < 19) rows["solar"].row[i] = 3000 * std::sin((hour - 5) / 14 * 3.14);
      rows["wind"].row[i] = i < 50 ? 200 : 200 + 400 * static_cast<double>(i - 50);
      rows["oil"].row[i] = 0;
    }
  }
  // "code" of an implausible output, "-code" of a missing one, "" of none.
  std::string fault(std::size_t at, const MixBounds& bounds = {}) const {
    const auto faults = check_outputs(rows, 1h, bounds);
    if (!faults[at]) return "";
    return (faults[at]->megawatts ? "" : "-") + faults[at]->code;
  }
  std::size_t count() const {
    const auto faults = check_outputs(rows, 1h, {});
    return static_cast<std::size_t>(std::count_if(faults.begin(), faults.end(), [](const auto& f) { return f.has_value(); }));
  }
  OutputRows rows;
};

TEST_F(Mix, NightsRampsAStormAndOwnUseAreNoFaults) {
  rows["solar"].row[3] = -8;
  rows["oil"].row[20] = 600;  // a peak plant
  EXPECT_EQ(count(), 0u);
}

TEST_F(Mix, OneWildOutputOfAnyFuelAtAnyTimeIsAFault) {
  const auto sound = rows;
  for (const auto& [code, _] : sound) {
    for (std::size_t at = 0; at < kSteps; ++at) {
      for (const double wild : {1e6, -1e6, 60'000.0}) {
        rows = sound;
        rows[code].row[at] = wild;
        EXPECT_EQ(fault(at), code) << wild << " MW at " << at;
        EXPECT_EQ(count(), 1u) << code << " at " << at;
      }
    }
  }
}

TEST_F(Mix, AWildOutputDoesNotHideAFuelThatIsMissing) {
  rows["wind"].row[10] = 1e6;
  rows["gas"].row[30].reset();
  EXPECT_EQ(fault(10), "wind");
  EXPECT_EQ(fault(30), "-gas");
  EXPECT_EQ(count(), 2u);
}

TEST_F(Mix, AMissingFuelIsJudgedByItsHour) {
  for (std::size_t i = 30; i < 42; ++i) rows["solar"].row[i].reset();  // the day, not its edges
  EXPECT_EQ(fault(36), "-solar") << "by the other days";
  EXPECT_EQ(fault(47), "") << "at night there is none";
  rows["oil"].row[36].reset();
  rows["gas"].row[kSteps - 1].reset();
  EXPECT_EQ(fault(kSteps - 1), "-gas") << "the newest hour, by the one before";
}

TEST_F(Mix, ALargeFuelDoesNotDropToNothingForAnHour) {
  rows["gas"].row[12] = 0;
  rows["nuclear"].row[50] = 0;
  EXPECT_EQ(fault(12), "gas");
  EXPECT_EQ(fault(50), "nuclear");
  EXPECT_EQ(count(), 2u);
}

TEST_F(Mix, AFaultThatLastsDoesNotBecomeTheMeasure) {
  for (std::size_t i = 20; i < 40; ++i) rows["wind"].row[i] = 1e6;
  EXPECT_EQ(count(), 20u);
}

TEST_F(Mix, WhatIsKnownWithoutAPastAppliesToASingleStep) {
  constexpr std::string_view kAlways[] = {"gas", "coal"};
  OutputRows one;
  one["gas"].row = {5000.0};
  EXPECT_FALSE(check_outputs(one, 5min, {})[0]);
  EXPECT_EQ(check_outputs(one, 5min, {kAlways, 1e5})[0]->code, "coal");
  one["coal"].row = {5000.0};
  EXPECT_FALSE(check_outputs(one, 5min, {kAlways, 1e5})[0]);
  EXPECT_EQ(check_outputs(one, 5min, {kAlways, 4000})[0]->megawatts, 5000);
}

}  // namespace
}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
#include "core/units.h"

#include <gtest/gtest.h>

namespace carbon {
namespace {
using namespace std::chrono_literals;

TEST(Units, EnergyIsPowerTimesTime) {
  EXPECT_DOUBLE_EQ((Watts(400) * 90s).value(), 36000.0);
  EXPECT_DOUBLE_EQ((Joules(36000) / 90s).value(), 400.0);
}

TEST(Units, EmissionIsEnergyTimesIntensity) {
  // 2.5 kWh at 300 g/kWh
  EXPECT_DOUBLE_EQ((from_kwh(2.5) * GramsPerKwh(300)).value(), 750.0);
  EXPECT_DOUBLE_EQ(kwh(Joules(3.6e6)), 1.0);
}

}  // namespace
}  // namespace carbon

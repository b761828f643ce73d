// SPDX-License-Identifier: Apache-2.0
// The test double's own arithmetic: its integrals are what all energy tests measure against.
#include "tests/fakes/power_curve.h"

#include <gtest/gtest.h>

namespace carbon::fakes {
namespace {

TEST(PowerCurve, IntegralIsTheSumOfThePower) {
  for (const char* text : {"constant:250", "square:60,300,0.07,0.5", "bursts:60,300,5,0.2", "ramp:60,300,20",
                           "constant:40+square:0,100,3,0.25+ramp:0,50,7", "step:60,300,1700000050.5"}) {
    const auto curve = PowerCurve::parse(text);
    ASSERT_TRUE(curve) << text;
    const double from = PowerCurve::kEpoch + 12.345, to = from + 61.7;
    const int steps = 617'000;
    double sum = 0;
    for (int i = 0; i < steps; ++i) sum += curve->watts(from + (to - from) * (i + 0.5) / steps);
    EXPECT_NEAR(curve->joules(from, to), sum * (to - from) / steps, 0.15) << text;
  }
}

TEST(PowerCurve, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"", "constant", "constant:", "constant:1,2", "sine:1", "square:1,2,0,0.5", "constant:1+"})
    EXPECT_FALSE(PowerCurve::parse(text)) << text;
}

}  // namespace
}  // namespace carbon::fakes

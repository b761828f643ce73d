// SPDX-License-Identifier: Apache-2.0
#include "core/series.h"

#include <gtest/gtest.h>

#include <random>

namespace carbon {
namespace {
using namespace std::chrono_literals;

const Instant t0 = from_unix_ms(1'700'000'000'000);

IntensityPoint point(Duration from, Duration to, double value) {
  return {{t0 + from, t0 + to}, GramsPerKwh(value), Origin::kActual};
}

TEST(Series, IntegratesAcrossStepsExactly) {
  const auto s = IntensitySeries::make({}, {point(0h, 1h, 100), point(1h, 2h, 300)});
  ASSERT_TRUE(s.ok());
  const auto w = s->view().integrate(t0 + 30min, t0 + 90min);
  EXPECT_EQ(w.covered, 1h);
  EXPECT_DOUBLE_EQ(w.mean()->value(), 200.0);
  EXPECT_EQ(s->view().at(t0 + 1h)->value(), 300.0);
  EXPECT_FALSE(s->view().at(t0 + 2h).has_value());
}

TEST(Series, AGapIsMissingAndNotZero) {
  const auto s = IntensitySeries::make({}, {point(0h, 1h, 100), point(3h, 4h, 300)});
  const auto v = s->view();
  EXPECT_FALSE(v.at(t0 + 2h).has_value());
  EXPECT_FALSE(v.integrate(t0 + 1h, t0 + 3h).mean().has_value());
  const auto w = v.integrate(t0, t0 + 4h);
  EXPECT_EQ(w.covered, 2h);
  EXPECT_DOUBLE_EQ(w.mean()->value(), 200.0);
}

TEST(Series, AViewShowsTheRunningSumsOfItsSeries) {
  const auto s = IntensitySeries::make({}, {point(0h, 1h, 100), point(3h, 4h, 300)});
  const auto v = s->view();
  ASSERT_EQ(v.edges().size(), v.integrals().size());
  ASSERT_EQ(v.edges().size(), v.covered().size());
  EXPECT_DOUBLE_EQ(v.integrals().back(), 3600 * 400.0);
  EXPECT_EQ(Duration(v.covered().back()), 2h);
}

TEST(Series, RefusesOverlapDisorderAndNan) {
  EXPECT_FALSE(IntensitySeries::make({}, {point(0h, 2h, 1), point(1h, 3h, 1)}).ok());
  EXPECT_FALSE(IntensitySeries::make({}, {point(2h, 3h, 1), point(0h, 1h, 1)}).ok());
  EXPECT_FALSE(IntensitySeries::make({}, {point(1h, 1h, 1)}).ok());
  EXPECT_FALSE(IntensitySeries::make({}, {point(0h, 1h, NAN)}).ok());
}

TEST(Series, AnEmptySeriesKnowsNothing) {
  const auto s = IntensitySeries::make({}, {});
  ASSERT_TRUE(s.ok());
  EXPECT_TRUE(s->view().empty());
  EXPECT_FALSE(s->view().integrate(t0, t0 + 1h).mean().has_value());
  EXPECT_FALSE(s->view().at(t0).has_value());
}

TEST(Series, UnevenStepsAgreeWithASumByHand) {
  std::mt19937 random(7);
  std::vector<IntensityPoint> points;
  Duration at{0};
  for (int i = 0; i < 200; ++i) {
    at += Duration(random() % 3 == 0 ? random() % 100000 : 0);
    const Duration next = at + Duration(1 + random() % 500000);
    points.push_back(point(at, next, static_cast<double>(random() % 800)));
    at = next;
  }
  const auto s = IntensitySeries::make({}, points);
  ASSERT_TRUE(s.ok());
  for (int i = 0; i < 500; ++i) {
    const Instant a = t0 + Duration(static_cast<long>(random() % static_cast<unsigned>(at.count()))) - 1min;
    const Instant b = a + Duration(random() % 20000000);
    double sum = 0;
    Duration covered{0};
    for (const auto& p : points) {
      const auto from = std::max(a, p.when.start), to = std::min(b, p.when.end);
      if (to <= from) continue;
      sum += p.value.value() * seconds(to - from);
      covered += to - from;
    }
    const auto w = s->view().integrate(a, b);
    EXPECT_NEAR(w.gram_seconds_per_kwh, sum, 1e-6 * (1 + sum));
    EXPECT_EQ(w.covered, covered);
  }
}

}  // namespace
}  // namespace carbon

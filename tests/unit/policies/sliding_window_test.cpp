// SPDX-License-Identifier: Apache-2.0
#include "policies/sliding_window.h"

#include <gtest/gtest.h>

#include "tests/support/series_of.h"

namespace carbon::policies {
namespace {
using namespace std::chrono_literals;

TEST(SlidingWindow, FindsAStartBetweenTheEdges) {
  // A window of 90 min is least where it ends as the low hour ends: 30 min before the edge.
  const auto s = hourly({500, 200, 100, 900});
  const auto w = least_window(s.view(), 90min, t0, t0 + 4h);
  ASSERT_TRUE(w);
  EXPECT_EQ(w->start, t0 + 90min);
  EXPECT_DOUBLE_EQ(w->gram_seconds_per_kwh, 1800 * 200 + 3600 * 100);
}

TEST(SlidingWindow, AFlatSeriesNeverMakesAJobWait) {
  const auto s = hourly(std::vector<std::optional<double>>(2000, 0.1 + 0.2));
  const Instant start = t0 + 1234567ms;
  EXPECT_EQ(least_window(s.view(), 7777777ms, start, start + 1000h)->start, start);
}

TEST(SlidingWindow, StaysInsideTheRangeAndTheSeries) {
  const auto s = hourly({500, 400, 300, 200, 100});
  EXPECT_EQ(least_window(s.view(), 1h, t0, t0 + 90min)->start, t0 + 90min);
  EXPECT_EQ(least_window(s.view(), 2h, t0, t0 + 100h)->start, t0 + 3h);
  EXPECT_EQ(least_window(s.view(), 1h, t0 - 5h, t0 + 1h)->start, t0 + 1h);
  EXPECT_FALSE(least_window(s.view(), 6h, t0, t0 + 100h));
  EXPECT_FALSE(least_window(s.view(), 1h, t0 + 5h, t0 + 6h));
  EXPECT_FALSE(least_window(SeriesView(), 1h, t0, t0 + 6h));
}

TEST(SlidingWindow, NeverReachesIntoAGap) {
  const auto s = hourly({500, 10, std::nullopt, 10, 400, 300});
  EXPECT_EQ(least_window(s.view(), 2h, t0, t0 + 10h)->start, t0 + 3h);
  EXPECT_FALSE(window_at(s.view(), t0 + 90min, 1h));
  EXPECT_TRUE(window_at(s.view(), t0 + 1h, 1h)) << "a window may end where a gap begins";
}

// Edges, lengths and ranges are multiples of the grain, so every bend is.
void expect_least(const IntensitySeries& s, Duration grain, Duration length, Instant from, Instant to) {
  std::optional<double> least;
  for (Instant at = from; at <= to; at += grain) {
    const auto w = s.view().integrate(at, at + length);
    if (w.covered == length && (!least || w.gram_seconds_per_kwh < *least)) least = w.gram_seconds_per_kwh;
  }
  const auto found = least_window(s.view(), length, from, to);
  ASSERT_EQ(found.has_value(), least.has_value());
  if (!found) return;
  EXPECT_NEAR(found->gram_seconds_per_kwh, *least, 1e-6 * *least);
  EXPECT_GE(found->start, from);
  EXPECT_LE(found->start, to);
  EXPECT_NEAR(s.view().integrate(found->start, found->start + length).gram_seconds_per_kwh, *least, 1e-6 * *least);
}

TEST(SlidingWindow, AgreesWithEveryStartTriedInTurn) {
  std::mt19937 random(11);
  const Duration grain = 5min;
  for (int round = 0; round < 200; ++round) {
    const auto s = uneven(random, 40, grain);
    const Duration length = grain * (1 + random() % 20);
    const Instant from = t0 + grain * (random() % 60);
    expect_least(s, grain, length, from, from + grain * (random() % 80));
  }
}

TEST(SlidingWindow, AgreesWithEveryStartTriedInTurnWhereEverySegmentIsAsLong) {
  std::mt19937 random(12);
  const Duration grain = 10min;  // the segments are six of it
  for (int round = 0; round < 1000; ++round) {
    std::vector<std::optional<double>> values(12);
    for (auto& value : values) value = random() % 900;
    if (round % 4 == 0) values[random() % values.size()] = std::nullopt;
    const auto s = hourly(values);
    const Duration length = grain * (1 + random() % 40);
    const Instant from = t0 + grain * (static_cast<int>(random() % 60) - 6);
    expect_least(s, grain, length, from, from + grain * (random() % 80));
  }
}

}  // namespace
}  // namespace carbon::policies

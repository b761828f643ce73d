// SPDX-License-Identifier: Apache-2.0
#include "carbond/reading_schedule.h"

#include <gtest/gtest.h>

namespace carbon::carbond {
namespace {

using namespace std::chrono_literals;

TEST(ReadingSchedule, RoundsAreJitteredAndOnAverageNotMoreFrequentThanTheInterval) {
  ReadingSchedule schedule(1s, 1);
  Duration at = 100s;
  for (int round = 0; round < 1000; ++round) {
    schedule.begin_round(at);
    EXPECT_GE(schedule.next() - at, 750ms);
    EXPECT_LE(schedule.next() - at, 1500ms);
    at = schedule.next();
  }
  EXPECT_GE(at, 100s + 1000s - 250ms);
}

TEST(ReadingSchedule, ALateRoundIsNotMadeUpFor) {
  ReadingSchedule schedule(1s, 1);
  schedule.begin_round(100s);
  schedule.begin_round(160s);
  EXPECT_GE(schedule.next(), 160750ms);
}

TEST(ReadingSchedule, ReadsEachDeviceInEachRound) {
  ReadingSchedule schedule(1s, 1);
  for (Duration at = 100s; at < 110s; at += 1s) {
    EXPECT_TRUE(schedule.reads("a", at));
    EXPECT_TRUE(schedule.reads("b", at));
  }
}

TEST(ReadingSchedule, ExtraCallsArePaidBackByEverySecondReading) {
  ReadingSchedule schedule(1s, 1);
  EXPECT_TRUE(schedule.reads("a", 100s));
  schedule.charge("a", 5);
  int calls = 6, rounds = 1, skipped = 0;
  for (Duration at = 101s; at < 200s; at += 1s, ++rounds) {
    const bool read = schedule.reads("a", at);
    calls += read ? 1 : 0;
    skipped += read ? 0 : 1;
    EXPECT_TRUE(read || schedule.reads("b", at)) << "another device is not affected";
  }
  EXPECT_EQ(skipped, 5);
  EXPECT_LE(calls, rounds);
}

}  // namespace
}  // namespace carbon::carbond

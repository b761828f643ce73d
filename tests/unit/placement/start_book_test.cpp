// SPDX-License-Identifier: Apache-2.0
#include "placement/start_book.h"

#include <gtest/gtest.h>

#include "sample_snapshot.h"

namespace carbon::placement {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class StartBookTest : public testing::Test {
 protected:
  StartBookTest() {
    sample.content().free_from = kNow;
    sample.content().sites[0].free_gpus = {4, 4, 4, 4};  // two hours
    book.look_at(sample.content(), kNow);
  }
  Interval span(Duration from, Duration to) { return {kNow + from, kNow + to}; }
  SampleSnapshot sample;
  StartBook book;
};

TEST_F(StartBookTest, WhatIsGivenOutIsNoLongerFree) {
  EXPECT_TRUE(book.has_free(0, span(hours(0), hours(2)), 4));
  EXPECT_FALSE(book.has_free(0, span(hours(0), hours(2)), 5));
  book.add(0, span(minutes(40), minutes(50)), 3);
  EXPECT_FALSE(book.has_free(0, span(hours(0), hours(1)), 2));
  EXPECT_TRUE(book.has_free(0, span(hours(1), hours(2)), 4));
  EXPECT_TRUE(book.has_free(0, span(hours(0), minutes(30)), 4));
  EXPECT_TRUE(book.has_free(0, span(hours(0), hours(1)), 1));
}

TEST_F(StartBookTest, WhereNothingIsKnownAllIsFree) {
  EXPECT_FALSE(book.knows_free(1));
  EXPECT_TRUE(book.has_free(1, span(hours(0), hours(2)), 1000));
  EXPECT_TRUE(book.has_free(0, span(hours(3), hours(4)), 1000)) << "beyond what is known";
}

TEST_F(StartBookTest, ANewSnapshotKnowsOfAllThatWasGivenOut) {
  book.add(0, span(hours(0), hours(2)), 4);
  book.look_at(sample.content(), kNow);
  EXPECT_FALSE(book.has_free(0, span(hours(0), hours(2)), 1)) << "still the same one";
  sample.content().published += seconds(60);
  book.look_at(sample.content(), kNow);
  EXPECT_TRUE(book.has_free(0, span(hours(0), hours(2)), 4));
}

TEST_F(StartBookTest, StartsMoveToSecondsWithFewOthers) {
  const auto at = kNow + hours(1), latest = kNow + hours(2);
  for (int i = 0; i < 4; ++i) book.add(0, {at, at + hours(1)}, 0);
  EXPECT_EQ(book.least_crowded(0, at, latest), at + seconds(1));
  EXPECT_EQ(book.least_crowded(1, at, latest), at) << "another site";
  EXPECT_EQ(book.least_crowded(0, at, at), at) << "not beyond the latest";
  book.look_at(sample.content(), at + seconds(1));
  EXPECT_EQ(book.least_crowded(0, at, latest), at) << "what has begun is forgotten";
}

}  // namespace
}  // namespace carbon::placement

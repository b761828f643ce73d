// SPDX-License-Identifier: Apache-2.0
#include "placement/start_book.h"

#include <gtest/gtest.h>

namespace carbon::placement {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(StartBook, StartsMoveToSecondsWithFewOthers) {
  const auto now = from_unix_ms(1'764'000'000'000), at = now + hours(1), latest = now + hours(2);
  StartBook book;
  for (int i = 0; i < 4; ++i) book.add(0, at);
  EXPECT_EQ(book.least_crowded(0, at, latest), at + seconds(1));
  EXPECT_EQ(book.least_crowded(1, at, latest), at) << "another site";
  EXPECT_EQ(book.least_crowded(0, at, at), at) << "not beyond the latest";
  book.forget_before(at + seconds(1));
  EXPECT_EQ(book.least_crowded(0, at, latest), at) << "what has begun is forgotten";
}

}  // namespace
}  // namespace carbon::placement

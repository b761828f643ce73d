// SPDX-License-Identifier: Apache-2.0
#include "core/time.h"

#include <gtest/gtest.h>

namespace carbon {
namespace {
using namespace std::chrono_literals;

TEST(Time, ReadsIso8601InItsForms) {
  const auto t = from_unix_ms(1666195200000);  // 2022-10-19T16:00:00Z
  for (const auto* text : {"2022-10-19T16:00Z", "2022-10-19T16:00:00Z", "2022-10-19 16:00:00+00:00", "2022-10-19T16:00:00.000Z",
                           "2022-10-19T18:00:00+02:00", "2022-10-19T11:30-0430"}) {
    const auto got = parse_utc(text);
    ASSERT_TRUE(got.ok()) << got.error().message;
    EXPECT_EQ(*got, t) << text;
  }
  EXPECT_EQ(format_utc(t), "2022-10-19T16:00:00Z");
  EXPECT_EQ(format_utc(t + 5ms), "2022-10-19T16:00:00.005Z");
  EXPECT_EQ(format_utc(t - 13ms), "2022-10-19T15:59:59.987Z");
  EXPECT_EQ(format_utc(from_unix_ms(-250)), "1969-12-31T23:59:59.750Z");
}

TEST(Time, RefusesWhatIsNotATime) {
  for (const auto* text : {"", "yesterday", "2022-13-01", "2022-02-30", "2022-1-1", "2022-10-19T25:00", "2022-10-19T16:00:00Zx",
                           "2022-10-19T16:00+99:00", "2022-10-19T-1:00"}) {
    EXPECT_FALSE(parse_utc(text).ok()) << text;
  }
}

TEST(Time, SlurmsTimeSyntax) {
  EXPECT_EQ(*parse_slurm_duration("90"), 90min);
  EXPECT_EQ(*parse_slurm_duration("1:30"), 90s);
  EXPECT_EQ(*parse_slurm_duration("2:00:05"), 2h + 5s);
  EXPECT_EQ(*parse_slurm_duration("1-12"), 36h);
  EXPECT_EQ(*parse_slurm_duration("1-12:30"), 36h + 30min);
  EXPECT_EQ(*parse_slurm_duration("2-00:00:01"), 48h + 1s);
  for (const auto* text : {"", "x", "1:2:3:4", "-1", "1-", "1:-2", "1.5", "99999999999"}) {
    EXPECT_FALSE(parse_slurm_duration(text).ok()) << text;
  }
  EXPECT_EQ(format_slurm_duration(36h + 5s), "1-12:00:05");
  EXPECT_EQ(format_slurm_duration(90s), "00:01:30");
}

TEST(Time, DurationsWithUnits) {
  EXPECT_EQ(*parse_duration("250ms"), 250ms);
  EXPECT_EQ(*parse_duration("2.5s"), 2500ms);
  EXPECT_EQ(*parse_duration("5min"), 5min);
  EXPECT_EQ(*parse_duration("1d"), 24h);
  for (const auto* text : {"", "5", "5m", "-1s", "nan", "infs", "s", "1e99d"}) EXPECT_FALSE(parse_duration(text).ok()) << text;
}

}  // namespace
}  // namespace carbon

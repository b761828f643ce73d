// SPDX-License-Identifier: Apache-2.0
#include "core/slurm/slurm_time.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace carbon {
namespace {

class SlurmTime : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "Europe/Berlin", 1);
    ::tzset();
  }
  void TearDown() override {
    ::unsetenv("TZ");
    ::tzset();
  }
  static std::string read(std::string_view text) {
    const Instant now = *parse_utc("2026-07-15T10:20:30Z");  // 12:20:30 in Berlin
    const auto t = parse_slurm_time(text, now);
    return t.ok() ? format_utc(*t) : "refused";
  }
};

TEST_F(SlurmTime, ReadsWhatSacctReads) {
  EXPECT_EQ(read("now"), "2026-07-15T10:20:30Z");
  EXPECT_EQ(read("now-7days"), "2026-07-08T10:20:30Z");
  EXPECT_EQ(read("now+1hour"), "2026-07-15T11:20:30Z");
  EXPECT_EQ(read("now-90"), "2026-07-15T10:19:00Z");
  EXPECT_EQ(read("midnight"), "2026-07-14T22:00:00Z");
  EXPECT_EQ(read("today"), "2026-07-14T22:00:00Z");
  EXPECT_EQ(read("noon"), "2026-07-15T10:00:00Z");
  EXPECT_EQ(read("2026-11-01"), "2026-10-31T23:00:00Z");
  EXPECT_EQ(read("2026-11-01T06:30"), "2026-11-01T05:30:00Z");
  EXPECT_EQ(read("2026-01-02T03:04:05"), "2026-01-02T02:04:05Z");
  EXPECT_EQ(read("0301"), "2026-02-28T23:00:00Z");
  EXPECT_EQ(read("030125"), "2025-02-28T23:00:00Z");
  EXPECT_EQ(read("03/01/25-09:00"), "2025-03-01T08:00:00Z");
  EXPECT_EQ(read("03.01"), "2026-02-28T23:00:00Z");
  EXPECT_EQ(read("9:15"), "2026-07-15T07:15:00Z");
  EXPECT_EQ(read("9:15 PM"), "2026-07-15T19:15:00Z");
  EXPECT_EQ(read("12:00am"), "2026-07-14T22:00:00Z");
}

TEST_F(SlurmTime, RefusesTheRest) {
  for (const auto* text : {"", "yesterday", "now-", "now-3fortnights", "2026-02-31", "2026-11-01X06:30", "25:00", "13:00pm",
                           "1301", "1:2:3:4", "03/01/25/09"}) {
    EXPECT_EQ(read(text), "refused") << text;
  }
}

}  // namespace
}  // namespace carbon

// SPDX-License-Identifier: Apache-2.0
#include "placement/start_reservations.h"

#include <gtest/gtest.h>

#include <map>

namespace carbon::placement {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const auto kNow = from_unix_ms(1'764'000'000'000);  // a full five minutes

TEST(StartReservations, StartsMoveToSecondsWithFewOthers) {
  const auto at = kNow + hours(1), latest = kNow + hours(2);
  const Demand here{"gpu", 0, 0, 1, hours(1)}, elsewhere{"gpu", 1, 0, 1, hours(1)};
  StartReservations reservations;
  reservations.forget_before(kNow);
  for (int i = 0; i < 4; ++i) reservations.add(here, at);
  EXPECT_EQ(reservations.find_start(here, at, latest), at + seconds(1));
  EXPECT_EQ(reservations.find_start(elsewhere, at, latest), at) << "another site";
  EXPECT_EQ(reservations.find_start(here, at, at), at) << "not beyond the latest";
  reservations.forget_before(at + seconds(1));
  EXPECT_EQ(reservations.find_start(here, at, latest), at) << "past starts are forgotten";
}

TEST(StartReservations, ThousandsAreSpreadEvenlyOverTheFiveMinutes) {
  const auto at = kNow + hours(1), latest = kNow + hours(2);
  StartReservations reservations;
  reservations.forget_before(kNow);
  std::map<Instant, int> jobs;
  const auto submit = [&](std::size_t site, Instant wanted, int count) {
    for (int i = 0; i < count; ++i) {
      const Demand demand{"gpu", site, 0, 1, hours(1)};
      const auto start = reservations.find_start(demand, wanted, latest);
      reservations.add(demand, start);
      if (site == 0) ++jobs[start];
    }
  };
  submit(0, at + seconds(10), 20);  // seconds 10 to 19
  submit(1, at + seconds(5), 50);
  submit(0, at, 40);  // 0 to 9, and after the others
  EXPECT_EQ(jobs.size(), 30u);
  for (const auto& [start, count] : jobs) EXPECT_EQ(count, 2) << format_utc(start);
  submit(0, at, 3000);
  EXPECT_EQ(jobs.begin()->first, at);
  EXPECT_EQ(jobs.rbegin()->first, at + minutes(5));
  for (const auto& [start, count] : jobs) EXPECT_LE(count, 12) << format_utc(start);
}

TEST(StartReservations, StartsMoveToWhereGpusAreLeft) {
  const auto at = kNow + hours(1), latest = kNow + hours(6);
  const Demand job{"gpu", 0, 16, 8, hours(2)};
  StartReservations reservations;
  reservations.forget_before(kNow);
  reservations.add(job, at);
  EXPECT_EQ(reservations.find_start(job, at, latest), at) << "two have room side by side";
  reservations.add(job, at);
  EXPECT_EQ(reservations.find_start(job, at, latest), at + hours(2)) << "the third behind them";
  EXPECT_EQ(reservations.find_start(job, at - minutes(30), latest), at + hours(2)) << "it would reach into their time";
  EXPECT_EQ(reservations.find_start(job, at - hours(2), latest), at - hours(2)) << "or before them";
  EXPECT_EQ(reservations.find_start(job, at, at + hours(1)), at + seconds(1)) << "no room by the latest: Slurm lets it queue";
  EXPECT_EQ(reservations.find_start({"cpu", 0, 16, 8, hours(2)}, at, latest), at + seconds(1))
      << "another partition has GPUs of its own";
  EXPECT_EQ(reservations.find_start({"gpu", 0, 0, 8, hours(2)}, at, latest), at + seconds(1))
      << "how many there are is not known";
  EXPECT_EQ(reservations.find_start({"gpu", 0, 16, 17, hours(2)}, at, latest), at + seconds(1)) << "it never fits";
  reservations.forget_before(at + hours(2));
  EXPECT_EQ(reservations.find_start(job, at + hours(2), latest), at + hours(2));
  reservations.forget_before(kNow + hours(24 * 30));
  reservations.add(job, kNow + hours(24 * 40));  // beyond the week that is kept: no harm
  EXPECT_EQ(reservations.find_start(job, kNow + hours(24 * 30), kNow + hours(24 * 31)), kNow + hours(24 * 30));
}

}  // namespace
}  // namespace carbon::placement

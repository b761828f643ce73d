// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/replan/interrupt.h"

#include <gtest/gtest.h>

#include "core/slurm/decision_token.h"
#include "tests/support/hourly_series.h"

namespace carbon::carbonctld {
namespace {
using namespace std::chrono_literals;

class InterruptTest : public testing::Test {
 protected:
  InterruptTest() {
    Site a;
    a.name = "a";
    a.partitions = {"gpu"};
    config_.sites = {a};
    queue_.nodes = {{"n1", {"gpu"}, {}, 4}};
    job_.id = "7";
    job_.job_id = 7;
    job_.partition = "gpu";
    job_.gpus = 2;
    job_.state = JobState::kRunning;
    job_.node = "n1";
    job_.may_requeue = true;
    job_.submit = kNow - 2h;
    job_.started = kNow - 1h;
    job_.limit = 2h;
    job_.admin_comment = "carbon:mode=interrupt,home=a,site=a,cap=" + seconds_text(kNow + 6h);
  }

  InterruptRound round(Instant at = kNow) {
    queue_.jobs = {job_};
    const SiteForecast site{ahead_.view(), 1.0};
    return plan_interruptions(queue_, config_, std::span(&site, 1), at);
  }

  config::Config config_;
  SlurmQueue queue_;
  QueuedJob job_;
  IntensitySeries ahead_ = hours({400, 400, 400, 100, 100, 400, 400, 400, 400});
};

TEST_F(InterruptTest, AtHighIntensityTheJobIsInterruptedStepByStep) {
  auto r = round();
  ASSERT_EQ(r.signals.size(), 1u);
  EXPECT_EQ(r.signals[0].job_id, 7u);
  EXPECT_TRUE(r.requeues.empty());
  job_.admin_comment = *r.signals[0].token.admin_comment;  // all that is known of it stands here
  auto token = DecisionToken::parse(job_.admin_comment);
  EXPECT_EQ(token.times, 1);
  EXPECT_EQ(token.ran, 1h);
  EXPECT_EQ(token.stop, kNow + 2min);
  EXPECT_EQ(token.again, kNow + 3h);

  EXPECT_EQ(r.next, kNow + 2min);
  EXPECT_TRUE(round(kNow + 1min).requeues.empty());
  r = round(kNow + 2min);
  EXPECT_TRUE(r.signals.empty());
  EXPECT_EQ(r.requeues, std::vector<std::uint32_t>{7});

  job_.state = JobState::kPending;
  job_.restarts = 1;
  r = round(kNow + 3min);
  ASSERT_EQ(r.resumptions.size(), 1u);
  EXPECT_EQ(r.resumptions[0].begin, kNow + 3h);
  token = DecisionToken::parse(*r.resumptions[0].admin_comment);
  EXPECT_EQ(token.planned, kNow + 3h);
  EXPECT_EQ(token.latest, kNow + 6h);
  EXPECT_FALSE(token.again);
  job_.admin_comment = *r.resumptions[0].admin_comment;
  EXPECT_TRUE(interrupted_by_us(job_));
  EXPECT_TRUE(round(kNow + 4min).resumptions.empty());
}

TEST_F(InterruptTest, IneligibleJobsAreNotInterrupted) {
  const QueuedJob whole = job_;
  const auto runs_on = [&](auto change) {
    job_ = whole;
    change();
    return round().signals.empty();
  };
  EXPECT_FALSE(runs_on([] {}));
  EXPECT_TRUE(runs_on([&] { job_.may_requeue = false; }));
  EXPECT_TRUE(runs_on([&] { job_.batch = false; }));
  EXPECT_TRUE(runs_on([&] { job_.started = kNow - 3min; }));        // has only just begun
  EXPECT_TRUE(runs_on([&] { job_.admin_comment += ",times=3"; }));  // often enough
  EXPECT_TRUE(runs_on([&] { job_.admin_comment += ",observe=1"; }));
  config_.sites[0].cluster = queue_.nodes[0].cluster = "south";
  EXPECT_TRUE(runs_on([&] { job_.cluster = "south"; })) << "the carbonctld there sees to it";
  EXPECT_TRUE(runs_on([&] { job_.admin_comment = "carbon:mode=defer,home=a,site=a,cap=" + seconds_text(kNow + 6h); }));
  EXPECT_TRUE(runs_on(
      [&] { job_.admin_comment = "carbon:mode=interrupt,home=a,site=a,cap=" + seconds_text(kNow + 2h); }));  // no green by then
  EXPECT_TRUE(runs_on([&] { job_.admin_comment = "carbon:mode=interrupt,home=a,site=a"; }));                 // no cap is known
}

TEST_F(InterruptTest, TheCostOfARestartIsIncluded) {
  ahead_ = hours({110, 110, 110, 100, 100, 100, 100, 100, 100});
  EXPECT_FALSE(round().signals.empty());  // a tenth for an hour; the grace costs a thirtieth twice
  config_.placement.interrupt.grace = 6min;
  EXPECT_TRUE(round().signals.empty());
}

TEST_F(InterruptTest, AtLowIntensityNoJobIsInterrupted) {
  ahead_ = hours({100, 400, 400, 100, 100, 100, 100, 100, 100});
  job_.limit = 4h;  // the dirty hours are in its rest, but they have not begun
  EXPECT_TRUE(round().signals.empty());
}

TEST_F(InterruptTest, ARequeueOfSlurmsOwnIsNotOurs) {
  job_.admin_comment += ",times=1,stop=" + seconds_text(kNow - 1min) + ",again=" + seconds_text(kNow + 3h);
  job_.state = JobState::kPending;
  job_.restarts = 2;
  EXPECT_TRUE(round().resumptions.empty());
  EXPECT_FALSE(interrupted_by_us(job_));
}

}  // namespace
}  // namespace carbon::carbonctld

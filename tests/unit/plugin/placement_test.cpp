// SPDX-License-Identifier: Apache-2.0
#include "plugin/placement.h"

#include <gtest/gtest.h>

#include "sample_snapshot.h"

namespace carbon::plugin {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class PlacementTest : public testing::Test {
 protected:
  PlacementTest() {
    job.partition = "gpu-north";
    job.gpus = 2;
    job.time_limit = hours(2);
    job.mode = "defer";
  }
  SubmitDecision decided() { return decide(job, &sample.content(), kNow); }
  void expect_untouched() {
    const auto d = decided();
    EXPECT_EQ(d.begin, std::nullopt);
    EXPECT_EQ(d.partition, "");
  }
  SampleSnapshot sample;
  SubmitRequest job;
};

TEST_F(PlacementTest, DefersToTheGreenWindowAndTellsTheUser) {
  const auto d = decided();
  ASSERT_TRUE(d.begin.has_value());
  EXPECT_EQ(*d.begin, kNow + hours(4));
  EXPECT_EQ(d.partition, "");
  // 2 GPUs x 500 W x 2 h = 2 kWh: at 400 g/kWh now, at 100 after four hours.
  EXPECT_EQ(d.message, "carbon: deferred to " + format_local(kNow + hours(4)) + " (at the latest " +
                           format_local(kNow + hours(10)) +
                           "): about 200 g CO2e instead of 800 g (-75 %, forecast by gb-neso); to run at once: --carbon=off");
  EXPECT_EQ(d.comment.token(), "carbon:mode=defer,home=north,site=north,planned=1795014400,latest=1795036000,cap=1795086400");
}

TEST_F(PlacementTest, RelocatesToTheSamePositionAtTheGreenerSite) {
  job.mode = "relocate";
  const auto d = decided();
  EXPECT_EQ(d.begin, std::nullopt);
  EXPECT_EQ(d.partition, "gpu-south");
  EXPECT_EQ(d.message,
            "carbon: moved from north to south (partition gpu-south): about 400 g CO2e instead of 800 g (-50 %, forecast by "
            "gb-neso, forecast by replay); to stay: --carbon=off");
  EXPECT_EQ(d.comment.token(), "carbon:mode=relocate,home=north,site=south,planned=1795000000,latest=1795000000,cap=1795000000");
}

TEST_F(PlacementTest, AutoDoesBothAtOnce) {
  job.mode = "auto";
  job.partition = "gpu-south";
  const auto d = decided();
  EXPECT_EQ(d.partition, "gpu-north");
  EXPECT_EQ(d.begin, kNow + hours(4));
  EXPECT_NE(d.message.find("moved from south to north (partition gpu-north) and deferred to "), std::string::npos) << d.message;
}

TEST_F(PlacementTest, SaysThatTheSeriesIsSimulated) {
  sample.content().sites[0].meta.simulated = true;
  EXPECT_NE(decided().message.find("simulated forecast by gb-neso"), std::string::npos);
}

TEST_F(PlacementTest, TheUsersWishBoundsTheDelay) {
  job.max_delay = "03:00:00";
  const auto d = decided();
  ASSERT_TRUE(d.begin.has_value()) << "an hour of the window is in the green already";
  EXPECT_EQ(*d.begin, kNow + hours(3));
  job.max_delay = "30-00:00:00";
  EXPECT_EQ(decided().comment.get("cap"), std::to_string(unix_ms(kNow + hours(24)) / 1000)) << "not more than the site allows";
  job.max_delay = "60";
  expect_untouched();
}

TEST_F(PlacementTest, BeginTimesAreWholeSecondsInsideThePromise) {
  const auto now = kNow + Duration(250);
  const auto d = decide(job, &sample.content(), now);
  EXPECT_EQ(*d.begin, kNow + hours(4));
  job.max_delay = "2:30";  // the green is out of reach
  expect_untouched();
  job.max_delay = "2:30:30";
  const auto bounded = decide(job, &sample.content(), now);
  ASSERT_TRUE(bounded.begin.has_value());
  EXPECT_EQ(*bounded.begin, kNow + hours(2) + minutes(30) + seconds(30)) << "rounded down, for up would break the promise";
}

TEST_F(PlacementTest, OffIsObeyedInSilence) {
  sample.content().rules.default_mode = CarbonMode::kAuto;
  job.mode = "off";
  const auto d = decided();
  EXPECT_EQ(d.begin, std::nullopt);
  EXPECT_EQ(d.partition, "");
  EXPECT_EQ(d.message, "");
  EXPECT_TRUE(d.comment.empty());
}

TEST_F(PlacementTest, WithoutAWishTheSitesDefaultCounts) {
  job.mode.reset();
  expect_untouched();
  sample.content().rules.default_mode = CarbonMode::kDefer;
  EXPECT_EQ(decided().begin, kNow + hours(4));
}

TEST_F(PlacementTest, ABadWishChangesNothingAndIsExplained) {
  job.mode = "sometimes";
  EXPECT_EQ(decided().message,
            "carbon: left as it is: --carbon: 'sometimes' is not a carbon mode; accepted: off, defer, relocate, interrupt, auto");
  expect_untouched();
  job.mode = "defer";
  job.max_delay = "soon";
  EXPECT_NE(decided().message.find("--carbon-max-delay: 'soon'"), std::string::npos);
  expect_untouched();
}

TEST_F(PlacementTest, WithoutASnapshotTheJobRunsAtOnce) {
  const auto d = decide(job, nullptr, kNow);
  EXPECT_EQ(d.begin, std::nullopt);
  EXPECT_EQ(d.message, "carbon: left as it is: no current carbon intensity is known");
  job.mode.reset();
  EXPECT_EQ(decide(job, nullptr, kNow).message, "") << "who did not ask is not told";
}

TEST_F(PlacementTest, ObserveRecordsAndChangesNothing) {
  sample.content().rules.observe = true;
  const auto d = decided();
  EXPECT_EQ(d.begin, std::nullopt);
  EXPECT_EQ(d.message, "");
  EXPECT_EQ(d.comment.token(),
            "carbon:mode=defer,observe=1,home=north,site=north,planned=1795014400,latest=1795036000,cap=1795086400");
  job.mode = "relocate";
  EXPECT_EQ(decided().partition, "");
  EXPECT_EQ(decided().comment.get("site"), "south");
}

struct Untouched {
  const char* why;
  void (*change)(SubmitRequest&);
};

class UntouchedJobs : public PlacementTest, public testing::WithParamInterface<Untouched> {};

TEST_P(UntouchedJobs, StayAsTheyAre) {
  job.mode = "auto";
  GetParam().change(job);
  expect_untouched();
  EXPECT_NE(decided().message.find(GetParam().why), std::string::npos) << decided().message;
}

INSTANTIATE_TEST_SUITE_P(Placement, UntouchedJobs,
                         testing::Values(Untouched{"interactive", [](SubmitRequest& j) { j.interactive = true; }},
                                         Untouched{"begin time", [](SubmitRequest& j) { j.begin_given = true; }},
                                         Untouched{"reservation", [](SubmitRequest& j) { j.reservation = true; }},
                                         Untouched{"depends", [](SubmitRequest& j) { j.dependency = true; }},
                                         Untouched{"held", [](SubmitRequest& j) { j.held = true; }},
                                         Untouched{"heterogeneous", [](SubmitRequest& j) { j.heterogeneous = true; }},
                                         Untouched{"periodic", [](SubmitRequest& j) { j.periodic = true; }},
                                         Untouched{"no time limit", [](SubmitRequest& j) { j.unlimited = true; }},
                                         Untouched{"array", [](SubmitRequest& j) { j.array_tasks.reset(); }},
                                         Untouched{"not understood", [](SubmitRequest& j) { j.gpus.reset(); }},
                                         Untouched{"too few GPUs", [](SubmitRequest& j) { j.gpus = 0; }},
                                         Untouched{"more than one",
                                                   [](SubmitRequest& j) { j.partition = "gpu-north,gpu-south"; }},
                                         Untouched{"not among", [](SubmitRequest& j) { j.partition = "debug"; }},
                                         Untouched{"not among", [](SubmitRequest& j) { j.partition = ""; }},
                                         Untouched{"not known", [](SubmitRequest& j) { j.time_limit = hours(1000); }}));

TEST_F(PlacementTest, SmallJobsAreLeftAlone) {
  sample.content().rules.min_gpus = 4;
  expect_untouched();
  job.gpus = 4;
  EXPECT_TRUE(decided().begin.has_value());
}

TEST_F(PlacementTest, ASavingBelowTheSitesThresholdIsNotWorthIt) {
  sample.content().rules.min_saving = 0.8;
  expect_untouched();
  EXPECT_EQ(decided().message, "carbon: left as it is: no better time or place is known");
  EXPECT_EQ(decided().comment.token(), "carbon:mode=defer,home=north,site=north");
  sample.content().rules.min_saving = 0.75;
  EXPECT_TRUE(decided().begin.has_value());
}

TEST_F(PlacementTest, LengthComesFromTheJobElseThePartition) {
  job.time_limit.reset();
  EXPECT_NE(decided().message.find("instead of 400 g"), std::string::npos) << "DefaultTime is 1 h: " << decided().message;
  sample.content().partitions[0].limits.default_time = Duration(0);
  sample.content().partitions[0].limits.max_time = hours(3);
  EXPECT_NE(decided().message.find("instead of 1200 g"), std::string::npos) << "MaxTime is 3 h: " << decided().message;
  sample.content().partitions[0].limits.max_time = Duration(0);
  expect_untouched();
  job.time_limit = hours(2);
  sample.content().rules.expected_share_of_limit = 0.25;
  EXPECT_NE(decided().message.find("instead of 200 g"), std::string::npos) << decided().message;
}

TEST_F(PlacementTest, AnArrayIsMovedAsOne) {
  job.array_tasks = 10;
  EXPECT_NE(decided().message.find("about 2000 g CO2e instead of 8000 g"), std::string::npos) << decided().message;
}

TEST_F(PlacementTest, ADeadlineKeepsHalfOfItsRoomAndItsSite) {
  job.mode = "auto";
  job.partition = "gpu-south";
  job.deadline = kNow + hours(11);  // 9 h of room: 4.5 h may be used
  auto d = decided();
  EXPECT_EQ(d.partition, "");
  job.partition = "gpu-north";
  d = decided();
  EXPECT_EQ(d.begin, kNow + hours(4));
  EXPECT_EQ(d.comment.get("cap"), std::to_string(unix_ms(kNow + hours(4) + minutes(30)) / 1000));
  job.deadline = kNow + hours(2);
  expect_untouched();
  job.deadline = kNow - hours(1);
  expect_untouched();
}

TEST_F(PlacementTest, RelocatesOnlyWhereTheJobIsSureToFit) {
  job.mode = "relocate";
  const auto moved = [this] { return decided().partition; };
  EXPECT_EQ(moved(), "gpu-south");
  job.typed_gpus = true;
  EXPECT_EQ(moved(), "");
  job.typed_gpus = false;
  job.pinned = true;
  EXPECT_EQ(moved(), "");
  job.pinned = false;
  sample.content().partitions[2].limits.max_time = hours(1);
  EXPECT_EQ(moved(), "") << "its time limit is longer than the partition's there";
  sample.content().partitions[2].limits.max_time = hours(48);
  job.time_limit.reset();
  EXPECT_EQ(moved(), "gpu-south");
  sample.content().partitions[2].limits.default_time = minutes(10);
  EXPECT_EQ(moved(), "") << "it would get another limit there";
  job.time_limit = hours(2);
  job.partition = "cpu-north";
  EXPECT_EQ(moved(), "cpu-south") << "position 1 goes to position 1";
}

TEST_F(PlacementTest, AGapInTheForecastIsNoReasonToWait) {
  sample.content().sites[0].series = SeriesView();
  expect_untouched();
  EXPECT_EQ(decided().message, "carbon: left as it is: the carbon intensity of its window is not known");
}

}  // namespace
}  // namespace carbon::plugin

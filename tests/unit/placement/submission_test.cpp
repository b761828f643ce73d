// SPDX-License-Identifier: Apache-2.0
#include "placement/submission.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/sample_snapshot.h"

namespace carbon::placement {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class SubmissionTest : public testing::Test {
 protected:
  SubmissionTest() {
    job.partition = "gpu-north";
    job.gpus = GpuCount{2, 2, {}};
    job.time_limit = hours(2);
    job.mode = "defer";
  }
  // Each as if it were the first job.
  SubmitDecision decided() {
    StartReservations fresh;
    return decide(job, &sample.content(), fresh, kNow);
  }
  void expect_untouched() {
    const auto d = decided();
    EXPECT_EQ(d.begin, std::nullopt);
    EXPECT_EQ(d.partition, "");
    EXPECT_EQ(d.constraint, "");
  }
  StartReservations reservations;
  SampleSnapshot sample;
  SubmitRequest job;
};

TEST_F(SubmissionTest, DefersToTheGreenWindowAndTellsTheUser) {
  const auto d = decided();
  ASSERT_TRUE(d.begin.has_value());
  EXPECT_EQ(*d.begin, kNow + hours(4));
  EXPECT_EQ(d.partition, "");
  // 2 GPUs x 500 W x 2 h = 2 kWh: at 400 g/kWh now, at 100 after four hours.
  EXPECT_EQ(d.message,
            "carbon: deferred to " + format_local(kNow + hours(4)) + " (at the latest " + format_local(kNow + hours(10)) +
                "): about 200 g CO2e instead of 800 g (-75 %, forecast by gb-neso); submit with --carbon=off to run now");
  EXPECT_EQ(d.token.format(), "carbon:mode=defer,home=north,site=north,planned=1795014400,latest=1795036000,cap=1795086400");
}

TEST_F(SubmissionTest, RelocatesToTheSamePositionAtTheGreenerSite) {
  job.mode = "relocate";
  const auto d = decided();
  EXPECT_EQ(d.begin, std::nullopt);
  EXPECT_EQ(d.partition, "gpu-south");
  EXPECT_EQ(d.message,
            "carbon: moved from north to south (partition gpu-south): about 400 g CO2e instead of 800 g (-50 %, forecast by "
            "gb-neso, forecast by replay); submit with --carbon=off to run at north");
  EXPECT_EQ(d.token.format(), "carbon:mode=relocate,home=north,site=south,planned=1795000000,latest=1795000000,cap=1795000000");
}

// 500 jobs of two GPUs for two hours, for sixteen GPUs that are green from four hours on: eight at a time, until a day has
// passed.
TEST_F(SubmissionTest, HundredsThatComeAtOnceAreSpreadOverWhatTheSiteCanRun) {
  std::map<Instant, int> of_second, of_window;
  int deferred = 0;
  for (int i = 0; i < 500; ++i) {
    const auto d = decide(job, &sample.content(), reservations, kNow);
    if (!d.begin) continue;
    ++deferred;
    ++of_second[*d.begin];
    ++of_window[kNow + hours(4) + (*d.begin - kNow - hours(4)) / hours(2) * hours(2)];
    EXPECT_LE(*d.begin, kNow + hours(24));
  }
  EXPECT_EQ(deferred, 500) << "what finds no room is deferred all the same: it would queue at once, too";
  int most = 0, fair = 0;
  for (const auto& [second, jobs] : of_second) most = std::max(most, jobs);
  EXPECT_LE(most, 2);
  for (auto window = kNow + hours(6); window < kNow + hours(24); window += hours(2)) fair += of_window[window];
  EXPECT_GE(fair, 9 * 7) << "each two hours of the day get about as many as can run";
}

TEST_F(SubmissionTest, AutoDoesBothAtOnce) {
  job.mode = "auto";
  job.partition = "gpu-south";
  const auto d = decided();
  EXPECT_EQ(d.partition, "gpu-north");
  EXPECT_EQ(d.begin, kNow + hours(4));
  EXPECT_NE(d.message.find("moved from south to north (partition gpu-north) and deferred to "), std::string::npos) << d.message;
}

TEST_F(SubmissionTest, SaysThatTheSeriesIsSimulated) {
  sample.content().sites[0].meta.simulated = true;
  EXPECT_NE(decided().message.find("simulated forecast by gb-neso"), std::string::npos);
}

TEST_F(SubmissionTest, TheUsersWishBoundsTheDelay) {
  job.max_delay = "03:00:00";
  const auto d = decided();
  ASSERT_TRUE(d.begin.has_value()) << "an hour of the window is in the green already";
  EXPECT_EQ(*d.begin, kNow + hours(3));
  job.max_delay = "30-00:00:00";
  EXPECT_EQ(decided().token.cap, kNow + hours(24)) << "not more than the site allows";
  job.max_delay = "60";
  expect_untouched();
}

TEST_F(SubmissionTest, BeginTimesAreWholeSecondsWithinTheCap) {
  const auto now = kNow + Duration(250);
  const auto d = decide(job, &sample.content(), reservations, now);
  EXPECT_EQ(*d.begin, kNow + hours(4));
  job.max_delay = "2:30";  // the green is out of reach
  expect_untouched();
  job.max_delay = "2:30:30";
  const auto bounded = decide(job, &sample.content(), reservations, now);
  ASSERT_TRUE(bounded.begin.has_value());
  EXPECT_EQ(*bounded.begin, kNow + hours(2) + minutes(30) + seconds(30)) << "rounded down, for up would exceed the longest delay";
}

TEST_F(SubmissionTest, OffIsObeyedInSilence) {
  sample.content().rules.default_mode = CarbonMode::kAuto;
  job.mode = "off";
  const auto d = decided();
  EXPECT_EQ(d.begin, std::nullopt);
  EXPECT_EQ(d.partition, "");
  EXPECT_EQ(d.message, "");
  EXPECT_TRUE(d.token.empty());
}

TEST_F(SubmissionTest, WithoutAWishTheSitesDefaultCounts) {
  job.mode.reset();
  expect_untouched();
  sample.content().rules.default_mode = CarbonMode::kDefer;
  EXPECT_EQ(decided().begin, kNow + hours(4));
}

TEST_F(SubmissionTest, AnInvalidOptionChangesNothingAndIsExplained) {
  job.mode = "sometimes";
  EXPECT_EQ(decided().message,
            "carbon: not moved: --carbon: 'sometimes' is not a carbon mode; accepted: off, defer, relocate, interrupt, auto");
  expect_untouched();
  job.mode = "defer";
  job.max_delay = "soon";
  EXPECT_NE(decided().message.find("--carbon-max-delay: 'soon'"), std::string::npos);
  expect_untouched();
}

TEST_F(SubmissionTest, WithoutASnapshotTheJobRunsAtOnce) {
  const auto d = decide(job, nullptr, reservations, kNow);
  EXPECT_EQ(d.begin, std::nullopt);
  EXPECT_EQ(d.message, "carbon: not moved: no current carbon intensity is known");
  job.mode.reset();
  EXPECT_EQ(decide(job, nullptr, reservations, kNow).message, "") << "who did not ask is not told";
}

TEST_F(SubmissionTest, ObserveRecordsAndChangesNothing) {
  sample.content().rules.observe = true;
  const auto d = decided();
  EXPECT_EQ(d.begin, std::nullopt);
  EXPECT_EQ(d.message, "");
  EXPECT_EQ(d.token.format(),
            "carbon:mode=defer,observe=1,home=north,site=north,planned=1795014400,latest=1795036000,cap=1795086400");
  job.mode = "relocate";
  EXPECT_EQ(decided().partition, "");
  EXPECT_EQ(decided().token.site, "south");
}

struct Untouched {
  const char* why;
  void (*change)(SubmitRequest&);
};

class UntouchedJobs : public SubmissionTest, public testing::WithParamInterface<Untouched> {};

TEST_P(UntouchedJobs, StayAsTheyAre) {
  job.mode = "auto";
  GetParam().change(job);
  expect_untouched();
  EXPECT_NE(decided().message.find(GetParam().why), std::string::npos) << decided().message;
}

INSTANTIATE_TEST_SUITE_P(Submission, UntouchedJobs,
                         testing::Values(Untouched{"interactive", [](SubmitRequest& j) { j.interactive = true; }},
                                         Untouched{"begin time", [](SubmitRequest& j) { j.begin_given = true; }},
                                         Untouched{"reservation", [](SubmitRequest& j) { j.reservation = true; }},
                                         Untouched{"depends", [](SubmitRequest& j) { j.dependency = true; }},
                                         Untouched{"held", [](SubmitRequest& j) { j.held = true; }},
                                         Untouched{"heterogeneous", [](SubmitRequest& j) { j.heterogeneous = true; }},
                                         Untouched{"periodic", [](SubmitRequest& j) { j.periodic = true; }},
                                         Untouched{"no time limit", [](SubmitRequest& j) { j.unlimited = true; }},
                                         Untouched{"array", [](SubmitRequest& j) { j.array.reset(); }},
                                         Untouched{"could not be parsed", [](SubmitRequest& j) { j.gpus.reset(); }},
                                         Untouched{"fewer than min_gpus", [](SubmitRequest& j) { j.gpus = GpuCount{}; }},
                                         Untouched{"more than one",
                                                   [](SubmitRequest& j) { j.partition = "gpu-north,gpu-south"; }},
                                         Untouched{"not configured", [](SubmitRequest& j) { j.partition = "debug"; }},
                                         Untouched{"not configured", [](SubmitRequest& j) { j.partition = ""; }},
                                         Untouched{"not known", [](SubmitRequest& j) { j.time_limit = hours(1000); }}));

TEST_F(SubmissionTest, SmallJobsAreLeftAlone) {
  sample.content().rules.min_gpus = 4;
  expect_untouched();
  job.gpus = GpuCount{4, 4, {}};
  EXPECT_TRUE(decided().begin.has_value());
}

TEST_F(SubmissionTest, ASavingBelowTheSitesThresholdIsNotWorthIt) {
  sample.content().rules.min_saving = 0.8;
  expect_untouched();
  EXPECT_EQ(decided().message, "carbon: not moved: no better time or place is known");
  EXPECT_EQ(decided().token.format(), "carbon:mode=defer,home=north,site=north");
  sample.content().rules.min_saving = 0.75;
  EXPECT_TRUE(decided().begin.has_value());
}

TEST_F(SubmissionTest, LengthComesFromTheJobElseThePartition) {
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

TEST_F(SubmissionTest, AnArrayIsMovedAsOne) {
  job.array = ArrayShape{10, 10};
  EXPECT_NE(decided().message.find("about 2000 g CO2e instead of 8000 g"), std::string::npos) << decided().message;
}

TEST_F(SubmissionTest, AnArrayWithALimitRunsInWaves) {
  job.time_limit = hours(1);
  job.array = ArrayShape{8, 2};  // 2 tasks x 2 GPUs x 500 W for 4 h: 8 kWh
  EXPECT_NE(decided().message.find("about 800 g CO2e instead of 3200 g"), std::string::npos) << decided().message;
}

TEST_F(SubmissionTest, AWholeNodeHoldsAllItsGpus) {
  job.gpus = GpuCount{};
  job.size.whole_nodes = true;
  job.size.nodes = 2;  // 8 GPUs x 500 W x 2 h
  EXPECT_NE(decided().message.find("instead of 3200 g"), std::string::npos) << decided().message;
  sample.content().partitions[0].limits.kinds[0].gpus.clear();
  expect_untouched();
}

TEST_F(SubmissionTest, ADeadlineKeepsHalfOfItsRoomAndItsSite) {
  job.mode = "auto";
  job.partition = "gpu-south";
  job.deadline = kNow + hours(11);  // 9 h of room: 4.5 h may be used
  auto d = decided();
  EXPECT_EQ(d.partition, "");
  job.partition = "gpu-north";
  d = decided();
  EXPECT_EQ(d.begin, kNow + hours(4));
  EXPECT_EQ(d.token.cap, kNow + hours(4) + minutes(30));
  job.deadline = kNow + hours(2);
  expect_untouched();
  job.deadline = kNow - hours(1);
  expect_untouched();
}

TEST_F(SubmissionTest, RelocatesOnlyWhereTheJobIsSureToFit) {
  job.mode = "relocate";
  const auto moved = [this] { return decided().partition; };
  EXPECT_EQ(moved(), "gpu-south");
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

TEST_F(SubmissionTest, MovesOnlyForANetGain) {
  job.mode = "relocate";
  sample.content().sites[1].transfer_kwh_per_gb = 0.01;
  job.data_gb = "100";  // 1 kWh at the mean of 400 and 200 g/kWh: 300 g on top of 400 g, against 800 g
  EXPECT_NE(decided().message.find("about 700 g CO2e instead of 800 g"), std::string::npos) << decided().message;
  EXPECT_EQ(decided().token.data_gb, "100");
  job.data_gb = "150";
  expect_untouched();
  EXPECT_EQ(decided().message, "carbon: not moved: no better time or place is known");
  job.data_gb = "lots";
  EXPECT_NE(decided().message.find("--carbon-data: 'lots' is not an amount of data"), std::string::npos);
}

TEST_F(SubmissionTest, TheFirstRuleThatNamesAJobCounts) {
  auto& rules = sample.content().rules;
  job.mode.reset();
  job.who = {1000, 100, "nlp", "normal"};
  PlacementRule rule;
  rule.accounts = {"NLP"};
  rule.mode = CarbonMode::kDefer;
  rule.max_delay = hours(2);
  rule.allowed = ModeSet(1u << static_cast<unsigned>(CarbonMode::kDefer));
  PlacementRule second;
  second.mode = CarbonMode::kAuto;
  rules.rules = {rule, second};
  job.time_limit = hours(3);
  EXPECT_EQ(decided().begin, kNow + hours(2));
  EXPECT_EQ(decided().token.cap, kNow + hours(2));
  job.mode = "auto";
  expect_untouched();
  EXPECT_EQ(decided().message, "carbon: not moved: --carbon=auto is not allowed for this job; allowed: off, defer");
  job.mode.reset();
  job.who.account = "vision";
  EXPECT_EQ(decided().token.mode, CarbonMode::kAuto) << "the second rule names all jobs";
  rules.rules[0].users = {"ada"};
  rules.rules[0].uids = {1001};
  job.who.account = "nlp";
  EXPECT_EQ(decided().token.mode, CarbonMode::kAuto) << "another user's";
  job.who.uid = 1001;
  EXPECT_EQ(decided().token.mode, CarbonMode::kDefer);
  rules.rules[0].observe = true;
  EXPECT_EQ(decided().begin, std::nullopt);
  EXPECT_TRUE(decided().token.observe);
  rules.rules[0].min_energy = from_kwh(3.1);  // 2 GPUs x 500 W x 3 h = 3 kWh
  expect_untouched();
  EXPECT_TRUE(decided().token.empty());
}

TEST_F(SubmissionTest, ShortJobsAreNotKeptWaitingAsLongAsOthers) {
  sample.content().rules.classes = {{hours(2), hours(3)}, {hours(8), hours(6)}};
  const auto cap = [this] { return decided().token.cap; };
  job.time_limit = minutes(119);
  EXPECT_EQ(cap(), kNow + hours(3));
  job.time_limit = hours(2);
  EXPECT_EQ(cap(), kNow + hours(6));
  job.time_limit = hours(8);
  EXPECT_EQ(cap(), kNow + hours(24));
}

TEST_F(SubmissionTest, InterruptibleJobsAreDeferredAtHome) {
  job.mode = "interrupt";
  job.partition = "gpu-south";
  EXPECT_EQ(decided().partition, "") << "only auto and relocate move";
  job.partition = "gpu-north";
  EXPECT_EQ(decided().begin, kNow + hours(4));
  EXPECT_EQ(decided().token.mode, CarbonMode::kInterrupt);
}

TEST_F(SubmissionTest, AnInterruptibleJobHasItsCapAlsoWhereItBeginsAtOnce) {
  job.mode = "interrupt";
  job.partition = "gpu-south";
  job.max_delay = "1";  // nothing greener within a minute
  const auto d = decided();
  EXPECT_EQ(d.begin, std::nullopt);
  EXPECT_EQ(d.token.cap, kNow + minutes(1));
  job.mode = "defer";
  EXPECT_EQ(decided().token.cap, std::nullopt);
}

TEST_F(SubmissionTest, TheTokenNamesTheSitesWhereTheJobFits) {
  EXPECT_EQ(decided().token.sites, "") << "it may not go elsewhere";
  job.mode = "auto";
  EXPECT_EQ(decided().token.sites, "north+south");
}

TEST_F(SubmissionTest, SaysHowGoodSuchForecastsHaveBeen) {
  sample.content().sites[0].errors = {{hours(1), 0.99, 1.01}, {hours(6), 0.9, 1.25}, {hours(24), 0.5, 2}};
  EXPECT_NE(decided().message.find("(-75 %, forecast by gb-neso, 80 % of past forecasts were within -10 to +25 %)"),
            std::string::npos)
      << decided().message;
}

TEST_F(SubmissionTest, HundredsOfJobsDoNotBeginInOneSecond) {
  for (auto& p : sample.content().partitions) p.limits.kinds[0].nodes = 1000;  // room for all
  std::map<Instant, int> starts;
  for (int i = 0; i < 300; ++i) ++starts[*decide(job, &sample.content(), reservations, kNow).begin];
  EXPECT_EQ(starts.begin()->first, kNow + hours(4));
  EXPECT_LE(starts.rbegin()->first, kNow + hours(4) + minutes(5));
  for (const auto& [start, jobs] : starts) EXPECT_LE(jobs, 2) << format_utc(start);
}

class FeatureSites : public SubmissionTest {
 protected:
  FeatureSites() {
    auto& content = sample.content();
    content.sites[0].features = {"inland"};
    content.sites[1].features = {"coast"};
    content.partitions = {content.partitions[0], content.partitions[2]};
    for (auto& p : content.partitions) {
      p.name = "gpu";
      p.limits.kinds[0].features = {content.sites[p.site].features[0], "fast"};
    }
    job.partition = "gpu";
    job.mode = "relocate";
  }
};

TEST_F(FeatureSites, AreReachedByAConstraint) {
  EXPECT_EQ(decided().constraint, "coast");
  EXPECT_EQ(decided().partition, "");
  EXPECT_EQ(decided().token.site, "south");
  EXPECT_NE(decided().message.find("moved from north to south (constraint coast): about 400 g"), std::string::npos)
      << decided().message;
  job.constraint = "fast";
  EXPECT_EQ(decided().constraint, "fast&coast") << "the user's own constraint stands";
}

TEST_F(FeatureSites, TheUsersOwnChoiceOfASiteIsKept) {
  job.constraint = "fast&inland";
  expect_untouched();
  job.constraint = "coast";
  job.mode = "auto";
  expect_untouched();
  EXPECT_EQ(decided().token.home, "south");
}

TEST_F(FeatureSites, WhatIsNotPlainOrNotThereStays) {
  for (const auto* constraint : {"fast|slow", "[a|b]", "fast*2", "!slow", "(fast)", "&", "huge"}) {
    job.constraint = constraint;
    expect_untouched();
  }
}

TEST_F(SubmissionTest, AGapInTheForecastIsNoReasonToWait) {
  sample.content().sites[0].series = SeriesView();
  expect_untouched();
  EXPECT_EQ(decided().message, "carbon: not moved: the carbon intensity during its run is not known");
}

}  // namespace
}  // namespace carbon::placement

// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/replan/replan.h"

#include <gtest/gtest.h>

#include <array>

#include "carbonctld/replan/replan_loop.h"
#include "carbonctld/replan/start_guarantee.h"
#include "tests/support/fake_slurm.h"
#include "tests/support/hourly_series.h"

namespace carbon::carbonctld {
namespace {
using namespace std::chrono_literals;

constexpr double kDirty = 400, kGreen = 100;
constexpr std::uint32_t kFederated = (1u << 26) + 1;

class ReplanTest : public testing::Test {
 protected:
  ReplanTest() {
    config_.cluster = "campus";
    config_.placement.default_mode = CarbonMode::kDefer;
    Site a, b;
    a.name = "a";
    a.partitions = {"gpu-a"};
    b.name = "B";  // the token has it in lower case
    b.partitions = {"gpu-b"};
    config_.sites = {a, b};
    queue_.nodes = {{"n1", {"gpu-a"}, {}, 4}, {"n2", {"gpu-b"}, {}, 4}};
  }

  QueuedJob& add(std::uint32_t id, double gpus) {
    QueuedJob job;
    job.id = std::to_string(id);
    job.job_id = id;
    job.partition = "gpu-a";
    job.gpus = gpus;
    job.priority = 1'000'000 - id;
    job.submit = kNow - 1h;
    job.begin = job.submit;
    job.limit = 1h;
    queue_.jobs.push_back(job);
    return queue_.jobs.back();
  }

  QueuedJob& add_deferred(std::uint32_t id, double gpus, Duration in, Duration latest_in, const char* mode = "defer") {
    auto& job = add(id, gpus);
    job.begin = kNow + in;
    const std::string sites = std::string_view(mode) == "auto" ? ",sites=a+b" : "";
    job.admin_comment = std::string("JS1:x carbon:mode=") + mode + ",home=a,site=a" + sites +
                        ",planned=" + seconds_text(job.begin) + ",latest=" + seconds_text(kNow + latest_in) +
                        ",cap=" + seconds_text(kNow + latest_in);
    return job;
  }

  void run(std::uint32_t id, double gpus, Duration since) {
    auto& job = add(id, gpus);
    job.state = JobState::kRunning;
    job.started = kNow - since;
    job.node = "n1";
  }

  // The second site becomes a cluster of its own.
  void federate() {
    config_.sites[1].cluster = queue_.nodes[1].cluster = "south";
    config_.sites[1].partitions = queue_.nodes[1].partitions = {"gpu-a"};
  }

  ReplanRound round() {
    const std::array<SiteForecast, 2> sites{{{a_.view()}, {b_.view()}}};
    return replanner_.round({kNow, queue_, sites, all_});
  }

  // What is to be changed, in words: empty where nothing is.
  std::string changes() {
    const auto r = round();
    std::string out;
    for (const auto& change : r.changes)
      out += "job " + change.id + (change.begin ? " begins " + format_utc(*change.begin) : "") + ": " +
             std::string(to_string(change.reason)) + "; ";
    return out;
  }

  config::Config config_;
  SlurmQueue queue_;
  bool all_ = false;
  IntensitySeries a_ = hours({kDirty, kDirty, kDirty, kGreen, kDirty, kDirty, kDirty, kDirty});
  IntensitySeries b_ = hours({kDirty, kDirty, kDirty, kDirty, kDirty, kDirty, kDirty, kDirty});
  Replanner replanner_{config_};
};

TEST_F(ReplanTest, ANewForecastMovesTheBeginTimeAndKeepsTheGuarantee) {
  add_deferred(1, 2, 1h, 6h);
  const auto r = round();
  ASSERT_EQ(r.changes.size(), 1u);
  EXPECT_EQ(r.changes[0].begin, kNow + 3h);
  EXPECT_FALSE(r.changes[0].partition);
  const auto token = DecisionToken::parse(*r.changes[0].admin_comment);
  EXPECT_EQ(token.planned, kNow + 3h);
  EXPECT_EQ(token.latest, kNow + 6h);
  EXPECT_TRUE(r.changes[0].admin_comment->starts_with("JS1:x "));
  ASSERT_EQ(r.deferred.size(), 1u);
  EXPECT_EQ(r.deferred[0].planned, kNow + 3h);
  EXPECT_NEAR(r.deferred[0].planned_g->value(), 2 * 0.4 * kGreen, 1e-6);
  EXPECT_NEAR(r.deferred[0].now_g->value(), 2 * 0.4 * kDirty, 1e-6);
}

TEST_F(ReplanTest, ListsRunningAndQueuedJobsAndTheStateOfGuarantees) {
  run(1, 2, 10min);
  add_deferred(2, 1, -10min, 5min);   // its time has come, and its latest start is near
  add_deferred(3, 1, -10min, -1min);  // and has passed
  add_deferred(4, 1, -10min, 6h);     // and is far
  add_deferred(5, 1, 3h, 6h);
  add(6, 1);  // nobody's promise
  const auto r = round();
  ASSERT_EQ(r.running.size(), 1u);
  EXPECT_EQ(r.running[0].id, "1");
  EXPECT_EQ(r.running[0].site, "a");
  EXPECT_EQ(r.running[0].start, kNow - 10min);
  EXPECT_EQ(r.running[0].expected_end, kNow + 50min);
  ASSERT_EQ(r.queued.size(), 3u);
  EXPECT_EQ(r.queued[0].id, "2");
  EXPECT_EQ(r.queued[0].latest, kNow + 5min);
  ASSERT_EQ(r.guarantees.size(), 2u);
  EXPECT_EQ(r.guarantees[0].queued, 3u);
  EXPECT_EQ(r.guarantees[0].near, 2u);
  EXPECT_EQ(r.guarantees[0].overdue, 1u);
  EXPECT_EQ(r.guarantees[1].queued, 0u);
  ASSERT_EQ(r.deferred.size(), 1u);
  EXPECT_EQ(r.deferred[0].runtime, Duration(1h));
}

TEST_F(ReplanTest, KeepsAnEquallyGoodPlan) {
  add_deferred(1, 2, 3h, 6h);
  add_deferred(2, 2, 3h + 5s, 6h);  // worse by less than min_gain
  EXPECT_EQ(changes(), "");
}

TEST_F(ReplanTest, NoJobIsPlannedAfterItsGuaranteedStart) {
  add_deferred(1, 2, 1h, 2h);  // the green hour comes after it
  const auto r = round();
  ASSERT_EQ(r.changes.size(), 1u);
  EXPECT_EQ(r.changes[0].begin, kNow);  // and waiting saves nothing
}

TEST_F(ReplanTest, AnotherBeginTimeIsTheOwnersForGood) {
  auto& job = add_deferred(1, 2, 1h, 6h);
  job.begin = kNow + 2h;
  const auto r = round();
  ASSERT_EQ(r.changes.size(), 1u);
  EXPECT_FALSE(r.changes[0].begin);
  EXPECT_TRUE(DecisionToken::parse(*r.changes[0].admin_comment).user_choice);
  job.admin_comment = *r.changes[0].admin_comment;
  job.begin = kNow + 4h;
  EXPECT_EQ(changes(), "");
}

TEST_F(ReplanTest, HeldObservedRequeuedAndForeignJobsAreLeftAlone) {
  add_deferred(1, 1, 1h, 6h).restarts = 1;
  add_deferred(2, 1, 1h, 6h).dependency = "afterok:1";
  add_deferred(3, 1, 1h, 6h).heterogeneous = true;
  add_deferred(4, 1, 1h, 6h).admin_comment += ",observe=1";
  add(5, 1).begin = kNow + 1h;
  const auto r = round();
  for (const auto& change : r.changes) EXPECT_FALSE(change.begin) << change.id;
}

TEST_F(ReplanTest, JobsDoNotCrowdIntoAnHourThatHoldsOne) {
  for (std::uint32_t id = 1; id <= 3; ++id) add_deferred(id, 4, 1h, 7h);
  a_ = hours({kDirty, kDirty, kDirty, kGreen, 150, kDirty, 200, kDirty});
  const auto r = round();
  std::vector<Instant> begins;
  for (const auto& row : r.deferred) begins.push_back(row.planned);
  std::sort(begins.begin(), begins.end());
  for (std::size_t i = 1; i < begins.size(); ++i) EXPECT_GE(begins[i] - begins[i - 1], 55min);
}

TEST_F(ReplanTest, AtMostFourBeginInASecond) {
  queue_.nodes[0].gpus = 100;
  for (std::uint32_t id = 1; id <= 30; ++id) add_deferred(id, 1, 1h, 7h);
  std::map<Instant, int> begins;
  for (const auto& row : round().deferred) ++begins[row.planned];
  for (const auto& [at, n] : begins) EXPECT_LE(n, 4) << format_utc(at);
}

TEST_F(ReplanTest, ABetterSiteDrawsThoseThatMayGo) {
  queue_.nodes[0].gpus = 8;
  b_ = hours({50, 50, 50, 50, 50, 50, 50, 50});
  add_deferred(1, 2, 3h, 6h, "auto");
  add_deferred(2, 2, 3h, 6h, "defer");
  auto& does_not_fit = add_deferred(3, 2, 3h, 6h, "auto");
  does_not_fit.admin_comment.replace(does_not_fit.admin_comment.find(",sites=a+b"), 10, "");
  const auto r = round();
  ASSERT_EQ(r.changes.size(), 1u) << changes();
  EXPECT_EQ(r.changes[0].id, "1");
  EXPECT_EQ(r.changes[0].partition, "gpu-b");
  EXPECT_EQ(DecisionToken::parse(*r.changes[0].admin_comment).site, "b");
  replanner_.refused("1");
  EXPECT_EQ(changes(), "");
}

TEST_F(ReplanTest, NoJobIsMovedToADrainedSite) {
  b_ = hours({50, 50, 50, 50, 50, 50, 50, 50});
  queue_.nodes[1].gpus = 0;
  add_deferred(1, 2, 3h, 6h, "auto");
  EXPECT_EQ(changes(), "");
}

TEST_F(ReplanTest, FeaturesDistinguishSitesThatShareAPartition) {
  config_.sites[0].features = {"north"};
  config_.sites[1].features = {"south"};
  config_.sites[1].partitions = {"gpu-a"};
  queue_.nodes = {{"n1", {"gpu-a"}, {"north"}, 4}, {"n2", {"gpu-a"}, {"south"}, 4}};
  b_ = hours({50, 50, 50, 50, 50, 50, 50, 50});
  add_deferred(1, 2, 3h, 6h, "auto").features = "north&big";
  const auto r = round();
  ASSERT_EQ(r.changes.size(), 1u);
  EXPECT_EQ(r.changes[0].features, "big&south");
  EXPECT_FALSE(r.changes[0].partition);
}

TEST_F(ReplanTest, AFederatedJobIsDrawnToAnotherCluster) {
  federate();
  b_ = hours({50, 50, 50, 50, 50, 50, 50, 50});
  add_deferred(kFederated, 2, 3h, 6h, "auto").federated = true;
  add_deferred(2, 1, 3h, 6h, "auto").federated = true;
  queue_.jobs.back().array_job_id = 2;  // Slurm keeps an array at its origin
  add_deferred(3, 1, 3h, 6h, "auto");   // of before the federation
  add_deferred(4, 1, 3h, 6h, "auto").federated = true;
  queue_.jobs.back().partition = "gpu-b";  // taken for its owner's own choice
  const auto r = round();
  std::vector<std::string> sent;
  for (const auto& change : r.changes) {
    EXPECT_FALSE(change.partition);
    if (!change.clusters) continue;
    sent.push_back(change.id + " to " + *change.clusters);
    EXPECT_EQ(DecisionToken::parse(*change.admin_comment).submit, queue_.jobs[0].submit);
  }
  EXPECT_EQ(sent, std::vector{std::to_string(kFederated) + " to south"});
}

TEST_F(ReplanTest, AJobThatAnotherClusterRefusedComesHomeForGood) {
  federate();
  b_ = hours({50, 50, 50, 50, 50, 50, 50, 50});
  auto& job = add_deferred(kFederated, 2, 3h, 6h, "auto");
  job.federated = job.stranded = true;
  job.state = JobState::kOther;
  job.admin_comment.replace(job.admin_comment.find("site=a"), 6, "site=b");
  const auto r = round();
  ASSERT_EQ(r.changes.size(), 1u);
  EXPECT_EQ(r.changes[0].clusters, "campus");
  job.admin_comment = *r.changes[0].admin_comment;
  EXPECT_EQ(DecisionToken::parse(job.admin_comment).site, "a");
  job.state = JobState::kPending;
  job.stranded = false;
  EXPECT_EQ(changes(), "") << "it is not sent there again";
}

TEST_F(ReplanTest, TheLeaderPlansForAllClusters) {
  federate();
  b_ = hours({kDirty, kDirty, kDirty, kDirty, kGreen, kDirty, kDirty, kDirty});
  auto& job = add_deferred(kFederated, 2, 1h, 6h);
  job.cluster = "south";
  job.admin_comment.replace(job.admin_comment.find("site=a"), 6, "site=b");
  EXPECT_EQ(changes(), "") << "the carbonctld there plans it";
  all_ = true;
  EXPECT_EQ(changes(), "") << "its number may be that of a job here too";
  job.federated = true;
  EXPECT_EQ(changes(), "job " + job.id + " begins " + format_utc(kNow + 4h) + ": less carbon; ");
  job.state = JobState::kOther;  // where it was submitted its record stays behind
  EXPECT_EQ(changes(), "");
}

TEST_F(ReplanTest, AJobWhoseLastStartIsNearGoesToTheFront) {
  run(1, 4, 10min);
  add(2, 1);
  auto& late = add_deferred(3, 1, -10s, 1min);
  for (const auto how : {config::NearCap::kNice, config::NearCap::kTop, config::NearCap::kNone}) {
    config_.replan.near_cap = how;
    const auto r = round();
    ASSERT_EQ(r.changes.size(), how == config::NearCap::kNone ? 0u : 1u);
    if (how == config::NearCap::kNice) {
      EXPECT_LT(*r.changes[0].nice, 0);
    } else if (how == config::NearCap::kTop) {
      EXPECT_GT(*r.changes[0].priority, queue_.jobs[1].priority);
    }
  }
  config_.replan.near_cap = config::NearCap::kNice;
  const auto nice = late.nice;
  late.priority = 4'294'901'700;  // as without the multifactor plugin: slurmctld's sum must not pass 32 bits
  const auto near_the_top = round();
  ASSERT_EQ(near_the_top.changes.size(), 1u);
  EXPECT_EQ(late.priority + nice - *near_the_top.changes[0].nice, 0xfffffff0);
  late.priority = 0xfffffff0;
  EXPECT_TRUE(round().changes.empty()) << "it is in front already";
  late.priority = 1000;
  late.nice = -1'000'000;
  EXPECT_EQ(changes(), "");
}

TEST_F(ReplanTest, DeferralLeavesNoMoreGpusIdleThanTheSiteAllows) {
  config_.placement.max_idle_share = 0.5;
  add_deferred(1, 2, 3h, 6h);
  add_deferred(2, 2, 3h, 6h).limit = 10min;  // saves least by the GPU
  const auto r = round();
  ASSERT_EQ(r.changes.size(), 1u);
  EXPECT_EQ(r.changes[0].id, "2");
  EXPECT_EQ(r.changes[0].begin, kNow);
}

TEST_F(ReplanTest, InALongQueueJobsThatWouldBeLateAreReleased) {
  run(1, 4, 10min);
  add_deferred(2, 4, 3h, 3h + 10min);
  EXPECT_EQ(changes(), "");
  for (std::uint32_t id = 3; id < 7; ++id) add(id, 4).limit = 2h;  // let in before it, they would hold it up
  const auto r = round();
  ASSERT_EQ(r.changes.size(), 1u);
  EXPECT_EQ(r.changes[0].id, "2");
  EXPECT_EQ(r.changes[0].begin, kNow);
}

TEST_F(ReplanTest, WithoutAForecastNothingChanges) {
  a_ = IntensitySeries();
  add_deferred(1, 2, 3h, 6h);
  EXPECT_EQ(changes(), "");
}

TEST_F(ReplanTest, OnlyTheOneBesideTheActiveControllerPlans) {
  add_deferred(1, 2, 1h, 6h);
  FakeSlurm slurm;
  slurm.waiting = queue_;
  auto series = std::make_shared<std::vector<grid_feeds::SiteSeries>>(2);
  series->at(0).series = a_;
  series->at(1).series = b_;
  const auto changes_at = [&](const std::string& host) {
    slurm.changes.clear();
    ReplanLoop loop(
        config_, slurm, [&] { return series; }, host, [] { return false; });
    loop.round(kNow);
    return slurm.changes.size();
  };
  EXPECT_EQ(changes_at("anywhere"), 1u);
  slurm.waiting.controllers = {"ctl1", "ctl2"};
  slurm.waiting.active = "ctl1";
  EXPECT_EQ(changes_at("ctl1.campus.edu"), 1u);
  EXPECT_EQ(changes_at("ctl2.campus.edu"), 0u);
  EXPECT_EQ(changes_at("elsewhere"), 1u);
  slurm.waiting.active = "ctl2";
  EXPECT_EQ(changes_at("ctl2"), 1u);
}

TEST_F(ReplanTest, AFollowerPlansOnlyIfTheLeaderDoesNot) {
  add_deferred(1, 2, 1h, 6h);
  config_.carbonctld.leader = "north:6822";
  FakeSlurm slurm;
  slurm.waiting = queue_;
  auto series = std::make_shared<std::vector<grid_feeds::SiteSeries>>(2);
  series->at(0).series = a_;
  series->at(1).series = b_;
  bool led = true;
  ReplanLoop loop(
      config_, slurm, [&] { return series; }, "ctl1", [&] { return led; });
  loop.round(kNow);
  EXPECT_TRUE(slurm.changes.empty());
  EXPECT_EQ(loop.view().problem, "the leader north:6822 plans for the federation");
  led = false;
  loop.round(kNow);
  EXPECT_EQ(slurm.changes.size(), 1u);
  EXPECT_EQ(loop.view().problem, "");
}

TEST_F(ReplanTest, IfSlurmctldIsAwayTheProblemIsReported) {
  FakeSlurm slurm;
  slurm.ctld_up = false;
  auto series = std::make_shared<std::vector<grid_feeds::SiteSeries>>(2);
  ReplanLoop loop(
      config_, slurm, [&] { return series; }, "ctl1", [] { return false; });
  loop.round(kNow);
  EXPECT_NE(loop.view().problem.find("slurmctld is away"), std::string::npos);
  slurm.ctld_up = true;
  loop.round(kNow);
  EXPECT_EQ(loop.view().problem, "");
  EXPECT_EQ(loop.view().at, kNow);
}

TEST(Guarantee, WithoutAQueueNoJobIsReleased) {
  SiteQueue site{kNow, 4, {}, {}, {{4, kNow + 3h, 1h, 2, kNow + 5h, kNow}}};
  EXPECT_TRUE(release_for_guarantees(site).empty());
}

TEST(Guarantee, JobsThatDoNotFitBeforeTheirLatestStartAreReleased) {
  SiteQueue site{kNow, 4, {}, {}, {}};
  for (int i = 0; i < 3; ++i) site.deferred.push_back({4, kNow + 3h, 1h, 9.0 - i, kNow + 3h, kNow});
  const auto released = release_for_guarantees(site);
  EXPECT_FALSE(released.empty());
  EXPECT_LT(released.size(), 4u);
}

TEST(Guarantee, AnOverloadDoesNotReleaseAllDeferredJobs) {
  SiteQueue site{kNow, 4, {{4, kNow, 1h}}, {}, {}};
  for (int i = 0; i < 20; ++i) site.queueing.push_back({4, kNow, 1h, 50.0 - i});
  site.deferred.push_back({4, kNow + 30min, 1h, 99, kNow + 2h, kNow});
  EXPECT_LE(release_for_guarantees(site).size(), 1u);
}

TEST(QueueSimulation, StrictlyByPriorityAsGpusComeFree) {
  const std::vector<SimulatedJob> running{{3, kNow, 1h}, {1, kNow, 2h}};
  const std::vector<SimulatedJob> waiting{{1, kNow, 1h, 1}, {4, kNow, 1h, 2}, {9, kNow + 1min, 1h, 3}};
  const auto starts = simulate_queue(kNow, 4, running, waiting);
  // The largest counts as large as the site; it and the second come first, and the small one does not overtake them.
  EXPECT_EQ(starts, (std::vector<Instant>{kNow + 4h, kNow + 3h, kNow + 2h}));
}

}  // namespace
}  // namespace carbon::carbonctld

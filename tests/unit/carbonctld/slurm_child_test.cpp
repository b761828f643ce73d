// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/slurm/slurm_child.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace carbon::carbonctld {
namespace {
using namespace std::chrono_literals;

TEST(SlurmChild, PassesRequestsAndAnswers) {
  SlurmChild slurm({SLURM_CHILD_DOUBLE, "answer"}, 60s);
  const auto topology = slurm.topology({"south"});
  ASSERT_TRUE(topology) << topology.error().message;
  PartitionLimits limits;
  limits.default_time = 1s;
  limits.max_time = 2s;
  limits.allow_accounts = {"nlp"};
  limits.open = false;
  EXPECT_EQ(*topology, (Topology{{{"gpu", limits}}, {{"n1", {"gpu"}, {1, 8, 4096, {{"a100", 4}}, {"coast"}}}}, {{"south", 2}}}));
  EXPECT_EQ(slurm.associations({"campus"})->at(0), (Association{1000, "campus", "nlp", "gpu", true}));
  EXPECT_TRUE(slurm.settings()->associations_enforced);
  EXPECT_EQ(slurm.settings()->slurm_user, 64030u);
  EXPECT_TRUE(slurm.settings()->privacy.jobs);
  EXPECT_FALSE(slurm.settings()->privacy.usage);
  const auto rights = slurm.rights("ada");
  ASSERT_TRUE(rights.ok());
  EXPECT_EQ(rights->coordinates, (std::vector<std::string>{"nlp", "ada"}));
  EXPECT_EQ(rights->privacy, (Privacy{false, true, false, false}));
  EXPECT_FALSE(slurm.rights("of 26.05")->privacy);
  const auto jobs = slurm.find_jobs("campus", {9});
  ASSERT_TRUE(jobs) << jobs.error().message;
  const auto& job = jobs->at(0);
  EXPECT_EQ(job.cluster, "campus");
  EXPECT_EQ(job.job_id, 9u);
  EXPECT_EQ(job.array, (std::pair<std::uint32_t, std::uint32_t>(7, 3)));
  EXPECT_FALSE(job.het);
  EXPECT_TRUE(job.start);
  EXPECT_FALSE(job.end);
  EXPECT_EQ(job.admin_comment, "JS1:x\xff \"y\"") << "what other tools wrote comes back byte for byte";
  EXPECT_EQ(job.name, "train\nlr=3e-4");
  EXPECT_EQ(job.state, "FAILED");
  EXPECT_EQ(job.exit_code, "1:0");
  EXPECT_EQ(job.qos, "normal");
  EXPECT_EQ(job.wckey, "*study");
  EXPECT_EQ(job.comment, "a 'comment'");
  const Interval when{job.submit, job.submit + std::chrono::hours(2)};
  const auto ended = slurm.ended_jobs("campus", when);
  ASSERT_TRUE(ended) << ended.error().message;
  ASSERT_EQ(ended->size(), 2u);
  EXPECT_EQ(ended->at(0).end, when.end);
  EXPECT_EQ(ended->at(0).gpus, 2u);
  EXPECT_EQ(ended->at(0).state, "FAILED");
  EXPECT_FALSE(ended->at(1).gpus);
  const auto comment = slurm.write_summary(job, "\xe9\xff carbon:g=1", {});
  ASSERT_FALSE(comment);
  EXPECT_EQ(comment.error().message, "job 9 of array 7 refused \xe9\xff carbon:g=1");
  const auto with_energy = slurm.write_summary(job, "carbon:g=1", 3'600'000);
  ASSERT_FALSE(with_energy);
  EXPECT_EQ(with_energy.error().message, "job 9 of array 7 refused carbon:g=1 with 3600000 J");
}

TEST(SlurmChild, AfterTheChildDiesTheNextCallWorks) {
  SlurmChild slurm({SLURM_CHILD_DOUBLE, "once"}, 60s);
  EXPECT_TRUE(slurm.topology({}));
  EXPECT_EQ(slurm.losses(), 0u);
  const auto died = slurm.topology({});
  EXPECT_EQ(slurm.losses(), 1u);
  ASSERT_FALSE(died);
  EXPECT_NE(died.error().message.find("the helper process ended"), std::string::npos);
  EXPECT_TRUE(slurm.topology({}));
}

TEST(SlurmChild, AChildThatAlwaysDiesIsAlwaysAnError) {
  SlurmChild slurm({SLURM_CHILD_DOUBLE, "die"}, 60s);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(slurm.find_jobs("c", {1}));
}

TEST(SlurmChild, AChildThatHangsIsEnded) {
  SlurmChild slurm({SLURM_CHILD_DOUBLE, "hang"}, 200ms);
  const auto late = slurm.topology({});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message, "slurm: no answer within 0.2 s");
}

void expect_to_end_with_the_daemon(const std::string& mode) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  const pid_t daemon = ::fork();
  if (daemon == 0) {
    SlurmChild slurm({SLURM_CHILD_DOUBLE, mode}, 60s);
    (void)slurm.topology({});
    ::_exit(0);
  }
  std::this_thread::sleep_for(500ms);
  ::kill(daemon, SIGKILL);
  ASSERT_EQ(::waitpid(daemon, nullptr, 0), daemon);
  pid_t ended = 0;
  for (const auto deadline = std::chrono::steady_clock::now() + 20s; ended == 0 && std::chrono::steady_clock::now() < deadline;
       std::this_thread::sleep_for(10ms))
    ended = ::waitpid(-1, nullptr, WNOHANG);
  EXPECT_GT(ended, 0) << mode << ": " << (ended == 0 ? "it lives on" : "there was none");
}

TEST(SlurmChild, EndsWithTheDaemonWhileACallHangs) { expect_to_end_with_the_daemon("hang"); }

TEST(SlurmChild, EndsWithTheDaemonWhileInitialisationHangs) { expect_to_end_with_the_daemon("hang at once"); }

TEST(SlurmChild, AMissingProgramIsAnError) {
  SlurmChild slurm({"/nonexistent"}, 60s);
  EXPECT_FALSE(slurm.topology({}));
}

}  // namespace
}  // namespace carbon::carbonctld

// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/slurm_child.h"

#include <gtest/gtest.h>

namespace carbon::ctld {
namespace {
using namespace std::chrono_literals;

TEST(SlurmChild, PassesQuestionsAndAnswers) {
  SlurmChild slurm({SLURM_CHILD_DOUBLE, "answer"}, 60s);
  const auto partitions = slurm.partitions();
  ASSERT_TRUE(partitions) << partitions.error().message;
  EXPECT_EQ(partitions->at(0), (SlurmPartition{"gpu", 1s, 2s}));
  EXPECT_EQ(slurm.settings()->slurm_user, 64030u);
  EXPECT_TRUE(slurm.settings()->jobs_are_private);
  const auto jobs = slurm.find_jobs("campus", {9});
  ASSERT_TRUE(jobs) << jobs.error().message;
  const auto& job = jobs->at(0);
  EXPECT_EQ(job.cluster, "campus");
  EXPECT_EQ(job.job_id, 9u);
  EXPECT_EQ(job.array, (std::pair<std::uint32_t, std::uint32_t>(7, 3)));
  EXPECT_FALSE(job.het);
  EXPECT_TRUE(job.start);
  EXPECT_FALSE(job.end);
  EXPECT_EQ(job.admin_comment.substr(0, 5), "JS1:x");
  EXPECT_EQ(job.eligible, job.submit);
  EXPECT_EQ(job.name, "train\nlr=3e-4");
  EXPECT_EQ(job.state, "FAILED");
  EXPECT_EQ(job.exit_code, "1:0");
  EXPECT_EQ(job.qos, "normal");
  EXPECT_EQ(job.wckey, "*study");
  EXPECT_EQ(job.comment, "a 'comment'");
  const auto set = slurm.set_admin_comment(job, "carbon:g=1");
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().message, "job 9 of array 7 refused carbon:g=1");
}

TEST(SlurmChild, ADeathOfTheChildIsAnErrorAndTheNextCallWorks) {
  SlurmChild slurm({SLURM_CHILD_DOUBLE, "once"}, 60s);
  EXPECT_TRUE(slurm.partitions());
  const auto died = slurm.partitions();
  ASSERT_FALSE(died);
  EXPECT_NE(died.error().message.find("the process that asks libslurm ended"), std::string::npos);
  EXPECT_TRUE(slurm.partitions());
}

TEST(SlurmChild, AChildThatAlwaysDiesIsAlwaysAnError) {
  SlurmChild slurm({SLURM_CHILD_DOUBLE, "die"}, 60s);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(slurm.find_jobs("c", {1}));
}

TEST(SlurmChild, AChildThatHangsIsEnded) {
  SlurmChild slurm({SLURM_CHILD_DOUBLE, "hang"}, 200ms);
  const auto late = slurm.partitions();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message, "slurm: no answer within 0.2 s");
}

TEST(SlurmChild, AMissingProgramIsAnError) {
  SlurmChild slurm({"/nonexistent"}, 60s);
  EXPECT_FALSE(slurm.partitions());
}

}  // namespace
}  // namespace carbon::ctld

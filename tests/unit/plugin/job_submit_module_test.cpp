// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <slurm/slurm.h>

#include <cstdlib>
#include <cstring>

#include "plugin/job_description.h"
#include "slurm_host.h"
#include "tests/support/sample_snapshot.h"

namespace carbon::plugin {
using placement::kNow;
using placement::SampleSnapshot;
using placement::TemporaryDirectory;
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using Submit = int(job_desc_msg_t*, std::uint32_t, char**);
using Modify = int(job_desc_msg_t*, void*, std::uint32_t);

// A description as sbatch leaves it where the user gives nothing.
class Job {
 public:
  Job() {
    std::memset(&desc, 0, sizeof desc);
    desc.time_limit = desc.min_nodes = desc.num_tasks = desc.het_job_offset = desc.priority = number_in(desc) = NO_VAL;
    desc.shared = desc.cpus_per_task = desc.pn_min_cpus = NO_VAL16;
    desc.pn_min_memory = NO_VAL64;
    desc.min_cpus = desc.max_nodes = NO_VAL;
    desc.ntasks_per_node = desc.sockets_per_node = desc.ntasks_per_tres = NO_VAL16;
    desc.script = strdup("#!/bin/sh\n");
    option("carbon_carbon=defer");
  }
  Job(const Job&) = delete;
  ~Job() {
    for (char* text : {desc.script, desc.partition, desc.admin_comment, desc.tres_per_node, message}) std::free(text);
    for (char* text : options_) std::free(text);
  }
  void option(const std::string& text) {
    options_.push_back(strdup(("_SLURM_SPANK_OPTION_" + text).c_str()));
    desc.spank_job_env = options_.data();
    desc.spank_job_env_size = static_cast<std::uint32_t>(options_.size());
  }
  job_desc_msg_t desc;
  char* message = nullptr;

 private:
  std::vector<char*> options_;
};

class JobSubmitModuleTest : public testing::Test {
 protected:
  JobSubmitModuleTest() {
    reset_host();
    setenv("SLURM_CARBON_SNAPSHOT", file.c_str(), 1);
    module.entry<int()>("init")();
    job.desc.partition = strdup("gpu-north");
    job.desc.tres_per_node = strdup("gres:gpu:2");
    job.desc.time_limit = 120;
  }
  ~JobSubmitModuleTest() override {
    module.entry<int()>("fini")();
    unsetenv("SLURM_CARBON_SNAPSHOT");
  }
  // The sample's series, moved to today.
  void publish() {
    shifted.emplace(now() - kNow);
    ASSERT_TRUE(snapshot::write_snapshot(file, shifted->content()).ok());
  }
  int submit() { return module.entry<Submit>("job_submit")(&job.desc, 1000, &job.message); }

  TemporaryDirectory dir;
  std::filesystem::path file = dir.path() / "snapshot";
  Module module{JOB_SUBMIT_MODULE};
  std::optional<SampleSnapshot> shifted;
  Job job;
};

TEST_F(JobSubmitModuleTest, DefersAndSaysSo) {
  publish();
  EXPECT_EQ(submit(), SLURM_SUCCESS);
  EXPECT_NEAR(static_cast<double>(job.desc.begin_time - std::time(nullptr)), 4 * 3600, 5);
  EXPECT_STREQ(job.desc.partition, "gpu-north");
  ASSERT_NE(job.message, nullptr);
  EXPECT_EQ(std::string(job.message).rfind("carbon: deferred to ", 0), 0u) << job.message;
  ASSERT_NE(job.desc.admin_comment, nullptr);
  EXPECT_EQ(std::string(job.desc.admin_comment).rfind("carbon:mode=defer,home=north,site=north,planned=", 0), 0u);
  EXPECT_TRUE(host().errors.empty());
}

TEST_F(JobSubmitModuleTest, MovesToTheOtherPartition) {
  publish();
  job.option("carbon_carbon=relocate");
  submit();
  EXPECT_STREQ(job.desc.partition, "gpu-south");
  EXPECT_EQ(job.desc.begin_time, 0);
}

TEST_F(JobSubmitModuleTest, KnowsACopyFromAnotherClusterOfTheFederation) {
  publish();
  // As slurmctld takes it in: its number has the origin's above bit 26, and het_job_offset is not set yet.
  number_in(job.desc) = (2u << 26) + 5;
  job.desc.fed_siblings_viable = 1;
  job.desc.het_job_offset = 0;
  submit();
  EXPECT_NE(job.desc.begin_time, 0);
  EXPECT_EQ(job.desc.clusters, nullptr);
  job.desc.begin_time = 0;
  job.desc.fed_siblings_viable = 3;
  submit();
  EXPECT_EQ(job.desc.begin_time, 0) << "its origin left it to whichever has room first";
}

TEST_F(JobSubmitModuleTest, ReadsTheLongestDelay) {
  publish();
  job.option("carbon_carbon_max_delay=10");
  submit();
  EXPECT_EQ(job.desc.begin_time, 0) << "the green is hours away";
}

TEST_F(JobSubmitModuleTest, KeepsWhatOthersWrote) {
  publish();
  job.desc.admin_comment = strdup("JS1:abc= note");
  job.message = strdup("lua: mind the gap");
  submit();
  EXPECT_EQ(std::string(job.desc.admin_comment).rfind("JS1:abc= note carbon:mode=defer,", 0), 0u) << job.desc.admin_comment;
  EXPECT_EQ(std::string(job.message).rfind("lua: mind the gap\ncarbon: deferred to ", 0), 0u) << job.message;
}

TEST_F(JobSubmitModuleTest, AJobThatNamesNoPartitionGoesToTheDefaultOne) {
  publish();
  std::free(job.desc.partition);
  job.desc.partition = nullptr;
  job.option("carbon_carbon=relocate");
  reset_host("gpu-north");
  submit();
  EXPECT_STREQ(job.desc.partition, "gpu-south");
}

TEST_F(JobSubmitModuleTest, WithoutASnapshotJobsRunAtOnceAndOneLineSaysWhy) {
  for (int i = 0; i < 50; ++i) EXPECT_EQ(submit(), SLURM_SUCCESS);
  EXPECT_EQ(job.desc.begin_time, 0);
  EXPECT_EQ(job.desc.admin_comment, nullptr);
  ASSERT_EQ(host().info.size(), 1u);
  EXPECT_NE(host().info[0].find(file.string()), std::string::npos) << host().info[0];
}

TEST_F(JobSubmitModuleTest, ASnapshotThatMayNotBeReadIsNone) {
  publish();
  std::filesystem::permissions(dir.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(file, std::filesystem::perms(0));
  const auto self = geteuid();
  if (self == 0) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  submit();
  if (self == 0) {
    ASSERT_EQ(seteuid(0), 0);
  }
  EXPECT_EQ(job.desc.begin_time, 0);
  EXPECT_STREQ(job.message, "carbon: not moved: no current carbon intensity is known");
  ASSERT_EQ(host().info.size(), 1u);
  EXPECT_NE(host().info[0].find("Permission denied"), std::string::npos) << host().info[0];
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  submit();
  EXPECT_NE(job.desc.begin_time, 0) << "readable again";
}

// Each of these alone makes the job one that nobody may move.
TEST_F(JobSubmitModuleTest, LeavesAloneWhatItMustNotTouch) {
  publish();
  char text[] = "x";
  const auto untouched = [&](const char* why, const auto& change) {
    const job_desc_msg_t before = job.desc;
    change(job.desc);
    const auto begin = job.desc.begin_time;
    submit();
    EXPECT_EQ(job.desc.begin_time, begin) << why;
    EXPECT_STREQ(job.desc.partition, "gpu-north") << why;
    EXPECT_EQ(job.desc.admin_comment, nullptr) << why;
    job.desc = before;
  };
  untouched("interactive", [](auto& j) { j.script = nullptr; });
  untouched("begin time", [](auto& j) { j.begin_time = 4'000'000'000; });
  untouched("reservation", [&](auto& j) { j.reservation = text; });
  untouched("dependency", [&](auto& j) { j.dependency = text; });
  untouched("held", [](auto& j) { j.priority = 0; });
  untouched("heterogeneous", [](auto& j) { j.het_job_offset = 0; });
  untouched("scrontab", [&](auto& j) { j.crontab_entry = text; });
  untouched("unlimited", [](auto& j) { j.time_limit = INFINITE; });
  untouched("no GPU", [](auto& j) { j.tres_per_node = nullptr; });
  untouched("array not understood", [](auto& j) {
    static char array[] = "0-9%x";
    j.array_inx = array;
  });
}

TEST_F(JobSubmitModuleTest, AUsersLaterChangeIsLeftAlone) {
  publish();
  const job_desc_msg_t before = job.desc;
  EXPECT_EQ(module.entry<Modify>("job_modify")(&job.desc, nullptr, 1000), SLURM_SUCCESS);
  EXPECT_EQ(std::memcmp(&before, &job.desc, sizeof before), 0);
}

TEST_F(JobSubmitModuleTest, BearsAnEmptyDescriptionAndNoDescription) {
  publish();
  job_desc_msg_t empty;
  std::memset(&empty, 0, sizeof empty);
  EXPECT_EQ(module.entry<Submit>("job_submit")(&empty, 0, nullptr), SLURM_SUCCESS);
  EXPECT_EQ(module.entry<Submit>("job_submit")(nullptr, 0, nullptr), SLURM_SUCCESS);
}

}  // namespace
}  // namespace carbon::plugin

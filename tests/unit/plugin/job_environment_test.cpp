// SPDX-License-Identifier: Apache-2.0
#include "plugin/job_environment.h"

#include <gtest/gtest.h>

#include <map>

namespace carbon::plugin {
namespace {

// As Slurm 22.05 sets them in job_prolog on the second of three nodes.
std::map<std::string, std::string> sample() {
  return {{"SLURM_CLUSTER_NAME", "demo"},  {"SLURMD_NODENAME", "n2"},        {"SLURM_JOB_USER", "ada"},
          {"SLURM_JOB_ACCOUNT", "phys"},   {"SLURM_JOB_PARTITION", "north"}, {"SLURM_NODELIST", "n[1-3]"},
          {"SLURM_JOB_NUM_NODES", "3"},    {"SLURM_JOB_GPUS", "0,3"},        {"SLURM_JOB_CPUS_PER_NODE", "4,8(x2)"},
          {"SLURM_JOB_RESTART_COUNT", "2"}};
}

Result<JobMark> read(const std::map<std::string, std::string>& environment) {
  return mark_from_environment([&](const char* name) -> const char* {
    const auto it = environment.find(name);
    return it == environment.end() ? nullptr : it->second.c_str();
  });
}

TEST(JobEnvironment, SaysWhoAndWhatRunsHere) {
  const auto mark = read(sample());
  ASSERT_TRUE(mark.ok()) << mark.error().message;
  EXPECT_EQ(mark->cluster, "demo");
  EXPECT_EQ(mark->node, "n2");
  EXPECT_EQ(mark->user, "ada");
  EXPECT_EQ(mark->account, "phys");
  EXPECT_EQ(mark->partition, "north");
  EXPECT_EQ(mark->num_nodes, 3u);
  EXPECT_EQ(mark->cpus, 8u);
  EXPECT_EQ(mark->restart, 2u);
  EXPECT_EQ(mark->gpus, (std::vector<std::uint32_t>{0, 3}));
}

TEST(JobEnvironment, AJobWithoutGpusHasNone) {
  auto environment = sample();
  environment.erase("SLURM_JOB_GPUS");
  EXPECT_TRUE(read(environment)->gpus.empty());
}

TEST(JobEnvironment, GpusMayComeAsRanges) {
  auto environment = sample();
  environment["SLURM_JOB_GPUS"] = "0-2,7";
  EXPECT_EQ(read(environment)->gpus, (std::vector<std::uint32_t>{0, 1, 2, 7}));
}

TEST(JobEnvironment, UuidsAreKeptBesideThePositions) {
  auto environment = sample();
  environment["CUDA_VISIBLE_DEVICES"] = "0,3";
  EXPECT_TRUE(read(environment)->uuids.empty()) << "positions again";
  environment["CUDA_VISIBLE_DEVICES"] = "MIG-5a1,MIG-5a2";
  EXPECT_EQ(read(environment)->uuids, (std::vector<std::string>{"MIG-5a1", "MIG-5a2"}));
  EXPECT_EQ(read(environment)->gpus, (std::vector<std::uint32_t>{0, 3}));
  environment["CUDA_VISIBLE_DEVICES"] = "0,MIG-5a2";
  EXPECT_EQ(read(environment)->uuids, (std::vector<std::string>{"", "MIG-5a2"})) << "a whole GPU and an instance";
  environment["CUDA_VISIBLE_DEVICES"] = "GPU-1,GPU-2,GPU-3";
  EXPECT_TRUE(read(environment)->uuids.empty()) << "not Slurm's: of another length";
  environment.erase("CUDA_VISIBLE_DEVICES");
  environment["ROCR_VISIBLE_DEVICES"] = "GPU-000000000000abc0,GPU-000000000000abc1";
  EXPECT_EQ(read(environment)->uuids.at(1), "GPU-000000000000abc1");
}

TEST(JobEnvironment, ReadsTheShareUnderMps) {
  auto environment = sample();
  EXPECT_EQ(read(environment)->mps_percent, 0u);
  environment["CUDA_MPS_ACTIVE_THREAD_PERCENTAGE"] = "25";
  EXPECT_EQ(read(environment)->mps_percent, 25u);
}

TEST(JobEnvironment, DevicesThatItCannotReadAreAnError) {
  auto environment = sample();
  for (const auto* bad : {"GPU-8f2a", "0,x", "3-1", "0-4000000000", "0,,1"}) {
    environment["SLURM_JOB_GPUS"] = bad;
    const auto mark = read(environment);
    ASSERT_FALSE(mark.ok()) << bad;
    EXPECT_EQ(mark.error().message,
              "SLURM_JOB_GPUS = '" + std::string(bad) + "' is not a list of device numbers such as 0,1 or 0-3");
  }
}

TEST(JobEnvironment, CpusAreThoseOfThisNode) {
  EXPECT_EQ(cpus_on_node("4(x2),2", "n[1-3]", "n1"), 4u);
  EXPECT_EQ(cpus_on_node("4(x2),2", "n[1-3]", "n3"), 2u);
  EXPECT_EQ(cpus_on_node("4(x2),2", "a7,n[1,9]", "n9"), 2u);
  EXPECT_EQ(cpus_on_node("1,2,3,4", "n[08-10],m1", "n10"), 3u);
  EXPECT_EQ(cpus_on_node("1,2,3,4", "n[08-10],m1", "m1"), 4u);
  EXPECT_EQ(cpus_on_node("1,2", "r[1-2]-ib", "r2-ib"), 2u);
}

TEST(JobEnvironment, CpusAreUnknownRatherThanGuessed) {
  EXPECT_EQ(cpus_on_node("4", "n[1-2]", "n2"), std::nullopt) << "one count, two nodes";
  EXPECT_EQ(cpus_on_node("4(x2)", "n[1-2]", "n3"), std::nullopt);
  EXPECT_EQ(cpus_on_node("4(x2)", "n[01-02]", "n1"), std::nullopt) << "n1 is not n01";
  EXPECT_EQ(cpus_on_node("4(x2", "n[1-2]", "n1"), std::nullopt);
  EXPECT_EQ(cpus_on_node("four", "n1", "n1"), std::nullopt);
  EXPECT_EQ(cpus_on_node("4", "n[1", "n1"), std::nullopt);
  EXPECT_EQ(cpus_on_node("4", "r[1-2]n[1-2]", "r1n1"), std::nullopt);
  EXPECT_EQ(cpus_on_node("", "", ""), std::nullopt);
}

TEST(JobEnvironment, NodeNameGoesIntoThePath) {
  EXPECT_EQ(node_path("/run/%n/carbon", "n1"), "/run/n1/carbon");
  EXPECT_EQ(node_path("/run/carbon", "n1"), "/run/carbon");
  EXPECT_EQ(node_path("%n", "%n"), "%n");
}

}  // namespace
}  // namespace carbon::plugin

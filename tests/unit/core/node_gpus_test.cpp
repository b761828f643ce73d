// SPDX-License-Identifier: Apache-2.0
// Slurm's list of a node's GPUs, in the words of several versions.
#include "core/slurm/node_gpus.h"

#include <gtest/gtest.h>

namespace carbon {
namespace {

using Files = std::vector<std::string>;

std::vector<Files> files_of(std::string_view text) {
  const auto gpus = parse_node_gpus(text);
  EXPECT_TRUE(gpus.ok()) << gpus.error().message;
  std::vector<Files> out;
  for (const auto& gpu : gpus.ok() ? *gpus : std::vector<SlurmGpu>()) out.push_back(gpu.files);
  return out;
}

TEST(NodeGpus, AreInSlurmsOrderNotInThatOfTheirNumbers) {  // Slurm 22.05.8, two types, a gap
  const auto gpus = parse_node_gpus(
      "slurmd-n1: error: Ignoring a line\n"
      "slurmd-n1: Gres Name=gpu Type=a100 Count=2 Index=0 ID=7696487 File=/dev/nvidia[4,7] Cores=0-3 CoreCnt=8 (null)\n"
      "slurmd-n1: Gres Name=gpu Type=v100 Count=2 Index=3 ID=7696487 File=/dev/nvidia[2-3] Cores=4-7 CoreCnt=8 (null)\n");
  ASSERT_TRUE(gpus.ok()) << gpus.error().message;
  ASSERT_EQ(gpus->size(), 4u);
  EXPECT_EQ((*gpus)[1], (SlurmGpu{"a100", {"/dev/nvidia7"}, 0}));
  EXPECT_EQ((*gpus)[2], (SlurmGpu{"v100", {"/dev/nvidia2"}, 0}));
}

TEST(NodeGpus, OfLaterVersionsHaveFlagsAndLinks) {  // 23.02 to 26.05, with time stamps; AutoDetect=nvml names each GPU
  EXPECT_EQ(files_of("[2026-11-30T10:00:00.123] Gres Name=gpu Type=tesla_v100 Count=1 Index=1 ID=7696487 File=/dev/nvidia1 "
                     "Cores=0-19 CoreCnt=40 Links=-1,16,0,0 Flags=HAS_FILE,HAS_TYPE,ENV_NVML\n"
                     "[2026-11-30T10:00:00.123] Gres Name=gpu Type=tesla_v100 Count=1 Index=0 ID=7696487 File=/dev/nvidia0 "
                     "Links=16,-1,0,0 Flags=HAS_FILE,HAS_TYPE,ENV_NVML\n"
                     "slurmd: verbose: Gres Name=license Type=(null) Count=5 ID=1 Links=(null) Flags=\n"),
            (std::vector<Files>{{"/dev/nvidia1"}, {"/dev/nvidia0"}}));
}

TEST(NodeGpus, AMigInstanceIsOnePositionOfSeveralFiles) {
  EXPECT_EQ(files_of("slurmd: Gres Name=gpu Type=(null) Count=1 Index=31 ID=7696487 "
                     "File=/dev/nvidia4,/dev/nvidia-caps/nvidia-cap30,/dev/nvidia-caps/nvidia-cap31 (null)\n"
                     "slurmd: Gres Name=gpu Type=(null) Count=1 Index=40 ID=7696487 "
                     "File=/dev/nvidia4,/dev/nvidia-caps/nvidia-cap[39-40] (null)\n"),
            (std::vector<Files>{{"/dev/nvidia4", "/dev/nvidia-caps/nvidia-cap30", "/dev/nvidia-caps/nvidia-cap31"},
                                {"/dev/nvidia4", "/dev/nvidia-caps/nvidia-cap39", "/dev/nvidia-caps/nvidia-cap40"}}));
}

TEST(NodeGpus, KnowTheirShards) {  // 22.05.8 cuts records with shards up
  const auto gpus = parse_node_gpus(
      "slurmd: Gres Name=shard Type=a100 Count=4 Index=4 ID=1918986455 File=/dev/nvidia4 (null)\n"
      "slurmd: Gres Name=gpu Type=a100 Count=1 Index=4 ID=7696487 File=/dev/nvidia4 (null)\n"
      "slurmd: Gres Name=gpu Type=v100 Count=1 Index=2 ID=7696487 File=/dev/nvidia2 (null)\n");
  ASSERT_TRUE(gpus.ok());
  ASSERT_EQ(gpus->size(), 2u);
  EXPECT_EQ((*gpus)[0].shards, 4u);
  EXPECT_EQ((*gpus)[1].shards, 0u);
}

TEST(NodeGpus, WithoutFileHaveNoPosition) {
  EXPECT_TRUE(files_of("slurmd: Gres Name=gpu Type=(null) Count=4 ID=7696487 (null)\n").empty());
  EXPECT_TRUE(files_of("").empty());
}

TEST(NodeGpus, ARecordThatCannotBeReadIsAnError) {
  for (const auto* record : {"Gres Name=gpu Count=2 File=/dev/nvidia[0-2]", "Gres Name=gpu Count=x File=/dev/nvidia0",
                             "Gres Name=gpu Count=1 File=/dev/nvidia[0", "Gres Name=gpu Count=1 File=/dev/nvidia[3-1]",
                             "Gres Name=gpu Count=9 File=/dev/nvidia[0-99999999]"}) {
    EXPECT_FALSE(parse_node_gpus(record).ok()) << record;
  }
}

TEST(NodeGpus, NamesExpandAsInSlurm) {
  EXPECT_EQ(*expand_names("/dev/nvidia[0-1,08-10],/dev/x"),
            (Files{"/dev/nvidia0", "/dev/nvidia1", "/dev/nvidia08", "/dev/nvidia09", "/dev/nvidia10", "/dev/x"}));
  EXPECT_EQ(*expand_names("r[1-2]g[0,3]"), (Files{"r1g0", "r1g3", "r2g0", "r2g3"}));
}

}  // namespace
}  // namespace carbon

// SPDX-License-Identifier: Apache-2.0
#include "core/slurm/tres.h"

#include <gtest/gtest.h>

namespace carbon {
namespace {

using Types = std::vector<GpuStock>;

std::uint32_t tres(std::string_view list) { return gpus_in_tres(list).value_or(GpuSum{77, {}}).count; }
std::uint32_t gres(std::string_view list) { return gpus_in_gres(list).value_or(GpuSum{77, {}}).count; }

TEST(Tres, TheUntypedEntryCountsAllGpus) {
  EXPECT_EQ(tres("billing=8,cpu=8,gres/gpu=4,mem=64G,node=1"), 4u);
  EXPECT_EQ(tres("cpu=8,gres/gpu:a100=4,gres/gpu=4"), 4u);
  EXPECT_EQ(tres("gres/gpu=6,gres/gpu:a100=4,gres/gpu:v100=2"), 6u);
}

TEST(Tres, WhereASiteAccountsForTypesAloneTheirSumCounts) {
  EXPECT_EQ(tres("billing=8,cpu=8,gres/gpu:a100=2,mem=64G"), 2u);
  EXPECT_EQ(tres("cpu=8,gres/gpu:a100=2,gres/gpu:nvidia_h100_80gb_hbm3=1"), 3u);
  EXPECT_EQ(gpus_in_tres("gres/gpu:a100=2,gres/gpu:v100=1")->types, (Types{{"a100", 2}, {"v100", 1}}));
}

TEST(Tres, OtherResourcesWhoseNamesBeginWithGpuAreNone) {
  EXPECT_EQ(tres("cpu=8,gres/gpumem=40960M,gres/gpuutil=87"), 0u);
  EXPECT_EQ(tres("gres/gpu=1,gres/gpumem=40960M,gres/gpuutil=87"), 1u);
  EXPECT_EQ(gres("gpumem_per_gpu:80G,gpu:a100:4"), 4u);
  EXPECT_EQ(gres("shard:gpu:8,mps:gpu:100"), 0u);
}

TEST(Tres, ListsWithoutGpusHaveNone) {
  for (const auto* list : {"", "cpu=4,mem=8G,node=1", "(null)", "N/A", "license/matlab=1", "gres/shard=2"}) {
    EXPECT_EQ(gpus_in_tres(list), GpuSum{}) << list;
    EXPECT_EQ(gpus_in_gres(list), GpuSum{}) << list;
  }
}

TEST(Tres, EntriesOfARequestAddUp) {
  EXPECT_EQ(gres("gpu"), 1u);
  EXPECT_EQ(gres("gpu:2"), 2u);
  EXPECT_EQ(gres("gres:gpu:2"), 2u);  // Slurm 22.05
  EXPECT_EQ(gres("gres/gpu:2"), 2u);  // from 23.11 on
  EXPECT_EQ(gres("gres/gpu:a100=2"), 2u);
  EXPECT_EQ(gres("gpu:a100"), 1u);
  EXPECT_EQ(gres("gpu:1080ti"), 1u) << "a type may begin with a digit";
  EXPECT_EQ(gres("gpu:2080:3"), 3u) << "and be a number";
  EXPECT_EQ(gres("gpu:a100:2,gpu:v100:1"), 3u);
  EXPECT_EQ(gres("gres/gpu:a100:2;gres/gpu:1"), 3u);
  EXPECT_EQ(gpus_in_gres("gpu:a100:2,gpu:a100:1,gpu:1")->types, (Types{{"a100", 3}}));
  EXPECT_EQ(gres("gpu:2K"), 2048u);
}

TEST(Tres, BracketsSayWhereTheGpusAreAndMayHoldCommas) {
  EXPECT_EQ(gres("gpu:a100:4(S:0-1),gpu:2"), 6u);
  EXPECT_EQ(gres("gpu:a100:4(IDX:0-3),gpu:v100:2(IDX:4,6)"), 6u);
  EXPECT_EQ(gres("gpu:tesla:2(IDX:0,3),craynetwork:1"), 2u);
  EXPECT_EQ(gres("gpu:tesla:no_consume:4"), 4u);
  EXPECT_EQ(gpus_in_gres("gpu:a100:4(S:0-1),gpu:2")->types, (Types{{"a100", 4}}));
}

TEST(Tres, OtherResourcesAreCountedByTheirName) {
  EXPECT_EQ(gpus_in_gres("gpu:4,shard:16", "shard")->count, 16u);
  EXPECT_EQ(gpus_in_gres("GPU:4")->count, 4u) << "slurm.conf is read without regard to case";
}

TEST(Tres, ACountThatIsNotUnderstoodIsNoCount) {
  for (const auto* list : {"gpu:a100:", "gpu:", "gpu:a100:x", "gpu:99999999999", "gpu:999999,gpu:999999", "gpu:2Z:"})
    EXPECT_FALSE(gpus_in_gres(list)) << list;
  for (const auto* list : {"gres/gpu=", "gres/gpu=many", "gres/gpu:a100=-1", "gres/gpu=1.5"})
    EXPECT_FALSE(gpus_in_tres(list)) << list;
}

TEST(Tres, AccountingByTypeAloneIsToldFromAccountingForAll) {
  EXPECT_EQ(gpu_accounting("billing,cpu,mem,gres/gpu"), GpuAccounting::kCounted);
  EXPECT_EQ(gpu_accounting("gres/gpu:a100,gres/gpu"), GpuAccounting::kCounted);
  EXPECT_EQ(gpu_accounting("GRES/GPU"), GpuAccounting::kCounted);
  EXPECT_EQ(gpu_accounting("gres/gpu:a100,gres/gpu:v100"), GpuAccounting::kByTypeAlone);
  EXPECT_EQ(gpu_accounting("gres/gpumem,gres/gpuutil,license/matlab"), GpuAccounting::kNone);
  EXPECT_EQ(gpu_accounting(""), GpuAccounting::kNone);
}

}  // namespace
}  // namespace carbon

// SPDX-License-Identifier: Apache-2.0
#include "placement/gpu_request.h"

#include <gtest/gtest.h>

namespace carbon::placement {
namespace {

std::optional<std::uint32_t> per_job(std::string_view text) {
  GpuRequest r;
  r.per_job = text;
  const auto gpus = count_gpus(r);
  return gpus ? std::optional(gpus->count) : std::nullopt;
}

TEST(GpuRequest, ReadsTheFormsOfEachSlurm) {
  EXPECT_EQ(per_job("gres:gpu:2"), 2u);
  EXPECT_EQ(per_job("gres/gpu:2"), 2u);
  EXPECT_EQ(per_job("gres/gpu=2"), 2u);
  EXPECT_EQ(per_job("gres:gpu"), 1u);
  EXPECT_EQ(per_job("gres:gpu:a100"), 1u);
  EXPECT_EQ(per_job("gres:gpu:a100:4"), 4u);
  EXPECT_EQ(per_job("gres/gpu:a100=4"), 4u);
  EXPECT_EQ(per_job("gres:gpu:1K"), 1024u);
  EXPECT_EQ(per_job("gres:gpu:a100:2,gres:gpu:v100:1"), 3u);
  EXPECT_EQ(per_job("gres:shard:4,gres:gpu:2,license:x:9"), 2u);
}

TEST(GpuRequest, OtherResourcesAreNoGpus) {
  EXPECT_EQ(per_job(""), 0u);
  EXPECT_EQ(per_job("gres:gpumem:40"), 0u);
  EXPECT_EQ(per_job("gres:none"), 0u);
  EXPECT_EQ(per_job("gres:gpu:0"), 0u);
}

TEST(GpuRequest, WhatItCannotReadIsNotZero) {
  EXPECT_EQ(per_job("gres:gpu:"), std::nullopt);
  EXPECT_EQ(per_job("gres:gpu:a100:x"), std::nullopt);
  EXPECT_EQ(per_job("gres:gpu:a100:"), std::nullopt);
  EXPECT_EQ(per_job("gres:gpu:99999999999999999999"), std::nullopt);
  EXPECT_EQ(per_job("gres:gpu:9999999"), std::nullopt);
  EXPECT_EQ(per_job("gres:gpu:-2:-2"), std::nullopt);
}

TEST(GpuRequest, KnowsATypeFromACount) {
  GpuRequest r;
  r.per_node = "gres:gpu:2";
  EXPECT_TRUE(count_gpus(r)->types.empty());
  r.per_node = "gres:gpu:a100";
  EXPECT_EQ(count_gpus(r)->types, (std::vector<GpuStock>{{"a100", 1}}));
  r.per_node = "gres:gpu:a100:2,gres:gpu:v100:1,gres:gpu:1";
  r.nodes = 3;
  EXPECT_EQ(count_gpus(r), (GpuCount{12, 4, {{"a100", 6}, {"v100", 3}}}));
  r.per_job = "gres:gpu:12";
  EXPECT_EQ(count_gpus(r)->types, (std::vector<GpuStock>{{"a100", 6}, {"v100", 3}}))
      << "a type named in either form is asked for";
}

TEST(GpuRequest, MultipliesByNodesTasksAndSockets) {
  GpuRequest r;
  r.per_node = "gres:gpu:2";
  EXPECT_EQ(count_gpus(r)->count, 2u);
  r.nodes = 3;
  EXPECT_EQ(count_gpus(r)->count, 6u);

  r = {};
  r.per_task = "gres:gpu:2";
  r.tasks = 4;
  EXPECT_EQ(count_gpus(r)->count, 8u);
  r.tasks.reset();
  r.nodes = 2;
  r.tasks_per_node = 3;
  EXPECT_EQ(count_gpus(r)->count, 12u);

  r = {};
  r.per_socket = "gres:gpu:1";
  r.sockets_per_node = 2;
  r.nodes = 2;
  EXPECT_EQ(count_gpus(r)->count, 4u);

  r = {};
  r.per_node = "gres:gpu:4";
  r.tasks = 9;
  r.tasks_per_node = 4;
  EXPECT_EQ(count_gpus(r)->count, 12u) << "9 tasks at 4 a node are 3 nodes";

  r = {};
  r.tasks = 5;
  r.tasks_per_gpu = 2;
  EXPECT_EQ(count_gpus(r)->count, 3u);
}

TEST(GpuRequest, TheTotalOfTheJobCountsOnce) {
  GpuRequest r;
  r.per_job = "gres:gpu:8";
  r.per_node = "gres:gpu:4";
  r.nodes = 2;
  EXPECT_EQ(count_gpus(r)->count, 8u);
}

TEST(GpuRequest, SaysWhatEachNodeMustHave) {
  const auto per_node = [](GpuRequest r) { return count_gpus(r)->per_node; };
  GpuRequest r;
  r.per_node = "gres:gpu:2";
  r.nodes = 3;
  EXPECT_EQ(per_node(r), 2u);
  r = {};
  r.per_task = "gres:gpu:2";
  r.tasks = 6;
  r.tasks_per_node = 2;
  EXPECT_EQ(per_node(r), 4u);
  r = {};
  r.per_job = "gres:gpu:8";
  EXPECT_EQ(per_node(r), 0u) << "on as many nodes as it takes";
  r.max_nodes = 3;
  EXPECT_EQ(per_node(r), 3u);
}

TEST(ArrayShape, CountsTasksOrSaysThatItCannot) {
  const auto count_array_tasks = [](std::string_view text) -> std::optional<std::uint32_t> {
    const auto shape = array_shape(text);
    return shape ? std::optional(shape->tasks) : std::nullopt;
  };
  EXPECT_EQ(count_array_tasks("7"), 1u);
  EXPECT_EQ(count_array_tasks("0-15"), 16u);
  EXPECT_EQ(count_array_tasks("0-15:4"), 4u);
  EXPECT_EQ(count_array_tasks("1,3,5-7"), 5u);
  for (const auto* bad : {"", "0-15%0", "0-15%", "0-15%x", "5-3", "1-", "a", "1,,2", "1,", "0-4:0", "0-99999999999"}) {
    EXPECT_EQ(count_array_tasks(bad), std::nullopt) << bad;
  }
}

TEST(ArrayShape, TasksThatDoNotAllRunAtOnceRunInWaves) {
  EXPECT_EQ(array_shape("0-9"), (ArrayShape{10, 10}));
  EXPECT_EQ(array_shape("0-9%4"), (ArrayShape{10, 4}));
  EXPECT_EQ(array_shape("0-9%4")->waves(), 3u);
  EXPECT_EQ(array_shape("0-3%40"), (ArrayShape{4, 4}));
}

}  // namespace
}  // namespace carbon::placement

// SPDX-License-Identifier: Apache-2.0
#include "placement/fit.h"

#include <gtest/gtest.h>

#include "tests/support/sample_snapshot.h"

namespace carbon::placement {
namespace {

using std::chrono::hours;

// A job of two nodes with two GPUs each, at home in the north; the south has four nodes with four GPUs each.
class FitTest : public testing::Test {
 protected:
  FitTest() {
    needs.size.nodes = 2;
    needs.size.cpus = 8;
    needs.size.cpus_per_node = 4;
    needs.gpus = {4, 2, {}};
    needs.who = {1000, 100, "nlp", "normal"};
    needs.time_limit = hours(2);
  }
  PartitionRule& home() { return sample.content().partitions[0]; }
  PartitionRule& there() { return sample.content().partitions[2]; }
  bool fits() { return placement::fits(needs, sample.content(), home(), there()); }
  SampleSnapshot sample;
  Needs needs;
};

TEST_F(FitTest, WhatHasRoomFits) { EXPECT_TRUE(fits()); }

TEST_F(FitTest, WhatIsNotKnownDoesNotFit) {
  there().limits.kinds.clear();
  EXPECT_FALSE(fits());
}

TEST_F(FitTest, NodesMustBeManyAndLargeEnough) {
  auto& kind = there().limits.kinds[0];
  kind.nodes = 1;
  EXPECT_FALSE(fits()) << "the others are down";
  kind.nodes = 2;
  EXPECT_TRUE(fits());
  kind.cpus = 3;
  EXPECT_FALSE(fits());
  kind.cpus = 64;
  needs.size.memory_mb_per_node = 256'001;
  EXPECT_FALSE(fits());
  needs.size.memory_mb_per_node = 0;
  needs.size.memory_mb_per_cpu = 64'001;
  EXPECT_FALSE(fits()) << "four cpus on a node";
  needs.size.memory_mb_per_cpu = 64'000;
  EXPECT_TRUE(fits());
  there().limits.max_nodes = 1;
  EXPECT_FALSE(fits());
}

TEST_F(FitTest, GpusMustBeThereOnEachNodeAndInAll) {
  auto& kind = there().limits.kinds[0];
  kind.gpus = {{"", 1}};
  EXPECT_FALSE(fits());
  needs.gpus.per_node = 0;  // --gpus=4: on as many nodes as it takes
  EXPECT_TRUE(fits());
  needs.gpus.count = 5;
  EXPECT_FALSE(fits());
}

TEST_F(FitTest, TypesOfGpus) {
  home().limits.kinds[0].gpus = {{"a100", 4}};
  there().limits.kinds[0].gpus = {{"v100", 4}};
  EXPECT_FALSE(fits()) << "a job that names no type expects those of its home";
  needs.gpus.types = {{"a100", 4}};
  EXPECT_FALSE(fits());
  there().limits.kinds[0].gpus = {{"v100", 2}, {"a100", 2}};
  EXPECT_TRUE(fits()) << "four nodes with two of them each";
  needs.gpus.types = {{"a100", 9}};
  EXPECT_FALSE(fits());
}

TEST_F(FitTest, FeaturesOfItsConstraintMustBeThere) {
  needs.features = {"fast"};
  EXPECT_FALSE(fits());
  there().limits.kinds[0].features = {"fast"};
  EXPECT_TRUE(fits());
}

TEST_F(FitTest, AUserWhomThePartitionRefusesIsNotMoved) {
  auto& limits = there().limits;
  limits.open = false;
  EXPECT_FALSE(fits()) << "down, for root or for reservations alone";
  limits.open = true;
  limits.allow_accounts = {"vision"};
  EXPECT_FALSE(fits());
  limits.allow_accounts = {"vision", "NLP"};
  EXPECT_TRUE(fits()) << "names in accounting know no case";
  limits.deny_accounts = {"nlp"};
  EXPECT_FALSE(fits());
  limits.deny_accounts.clear();
  limits.allow_qos = {"long"};
  EXPECT_FALSE(fits());
  home().limits.allow_qos = {"long"};
  EXPECT_TRUE(fits()) << "the same rule as at home";
  limits.allow_qos = {"normal"};
  EXPECT_TRUE(fits());
  needs.who.qos = {};
  EXPECT_FALSE(fits()) << "his default QOS is not known";
}

TEST_F(FitTest, GroupsAndThePartitionsOwnQos) {
  auto& limits = there().limits;
  limits.some_groups = true;
  EXPECT_FALSE(fits());
  limits.group_gids = {100};
  EXPECT_TRUE(fits());
  limits.group_gids.clear();
  limits.group_uids = {999, 1000};
  EXPECT_TRUE(fits());
  limits.qos = "part";
  EXPECT_FALSE(fits()) << "its limits are not known";
  home().limits.qos = "part";
  EXPECT_TRUE(fits());
}

TEST_F(FitTest, WithoutAnAssociationItStays) {
  TemporaryDirectory dir;
  sample.content().associations_enforced = true;
  EXPECT_FALSE(fits()) << "none is known";
  sample.content().association_list = {{1000, "", "nlp", "gpu-north", true}};
  ASSERT_TRUE(snapshot::write_snapshot(dir.path() / "s", sample.content()).ok());
  const auto only_north = snapshot::Snapshot::open(dir.path() / "s");
  ASSERT_TRUE(only_north.ok());
  sample.content().associations = only_north->content().associations;
  EXPECT_FALSE(fits());
  sample.content().association_list = {{1000, "", "nlp", "", true}};
  ASSERT_TRUE(snapshot::write_snapshot(dir.path() / "t", sample.content()).ok());
  const auto anywhere = snapshot::Snapshot::open(dir.path() / "t");
  ASSERT_TRUE(anywhere.ok());
  sample.content().associations = anywhere->content().associations;
  EXPECT_TRUE(fits());
  needs.who.account = {};
  EXPECT_TRUE(fits()) << "his default account";
  there().limits.allow_accounts = {"nlp"};
  EXPECT_TRUE(fits());
  there().limits.allow_accounts = {"vision"};
  EXPECT_FALSE(fits());
  needs.who = {1001, 100, "nlp", "normal"};
  there().limits.allow_accounts.clear();
  EXPECT_FALSE(fits());
}

TEST(PlainConstraint, IsAListOfFeaturesThatAllHold) {
  using List = std::vector<std::string_view>;
  EXPECT_EQ(plain_constraint(""), List());
  EXPECT_EQ(plain_constraint("a"), List({"a"}));
  EXPECT_EQ(plain_constraint("a&b,c"), List({"a", "b", "c"}));
  for (const auto* other : {"a|b", "[a&b]", "a*2", "(a&b)|c", "!a", "&a", "a&&b", "a b", "'a'"}) {
    EXPECT_EQ(plain_constraint(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace carbon::placement

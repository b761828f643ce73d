// SPDX-License-Identifier: Apache-2.0
// Sites that are clusters of a federation: where a job may go, and what a cluster makes of a job that another one sends it.
#include <gtest/gtest.h>

#include "placement/submission.h"
#include "tests/support/sample_snapshot.h"

namespace carbon::placement {
namespace {

using std::chrono::hours;

constexpr std::uint32_t kNorth = 1, kSouth = 2;

// The snapshot of one of the two clusters.
class FederationTest : public testing::Test {
 protected:
  FederationTest() {
    job.partition = "gpu";
    job.gpus = GpuCount{2, 2, {}};
    job.time_limit = hours(2);
    job.mode = "relocate";
    auto& content = sample.content();
    content.partitions[0].name = content.partitions[2].name = "gpu";
    content.sites[0].fed_id = kNorth;
    content.sites[1].fed_id = kSouth;
    be("north");
  }
  void be(const std::string& cluster) {
    auto& content = sample.content();
    content.cluster = cluster;
    for (auto& site : content.sites) site.cluster = site.name == cluster ? "" : site.name;
  }
  // The job as the cluster `origin` hands it on to the others.
  void arrive_from(std::uint32_t origin, bool only_here = true) {
    job.origin = origin;
    job.only_here = only_here;
  }
  SubmitDecision decided() {
    StartReservations fresh;
    return decide(job, &sample.content(), fresh, kNow);
  }
  void expect_stays() { EXPECT_EQ(decided().message, "carbon: not moved: no better time or place is known"); }

  SampleSnapshot sample;
  SubmitRequest job;
};

TEST_F(FederationTest, SendsAJobToTheGreenerCluster) {
  const auto d = decided();
  EXPECT_EQ(d.clusters, "south");
  EXPECT_EQ(d.partition, "");
  EXPECT_EQ(d.constraint, "");
  EXPECT_EQ(d.begin, std::nullopt);
  EXPECT_EQ(d.message.rfind("carbon: moved from north to south (cluster south): about 400 g CO2e instead of 800 g", 0), 0u)
      << d.message;
  EXPECT_EQ(d.token.home, "north");
  EXPECT_EQ(d.token.site, "south");
}

TEST_F(FederationTest, TheClusterThatGetsItKnowsWhereItIsFrom) {
  be("south");
  arrive_from(kNorth);
  const auto d = decided();
  EXPECT_EQ(d.clusters, "");
  EXPECT_EQ(d.begin, std::nullopt);
  EXPECT_EQ(d.token.format(), "carbon:mode=relocate,home=north,site=south");
}

TEST_F(FederationTest, TheTimeIsChosenOnBothSidesAlike) {
  job.mode = "auto";
  be("south");
  const auto here = decided();
  EXPECT_EQ(here.clusters, "north");
  EXPECT_EQ(here.begin, kNow + hours(4));
  be("north");
  arrive_from(kSouth);
  const auto there = decided();
  EXPECT_EQ(there.clusters, "");
  EXPECT_EQ(there.begin, here.begin);
  EXPECT_EQ(there.token.format(), here.token.format());
  EXPECT_EQ(here.token.sites, "north+south");
  EXPECT_EQ(there.token.sites, "north+south") << "re-planning may send it back";
}

TEST_F(FederationTest, ADeferredJobIsOfOneCluster) {
  job.mode = "defer";
  EXPECT_EQ(decided().clusters, "north");
  job.mode = "off";
  EXPECT_EQ(decided().clusters, "");
}

TEST_F(FederationTest, AJobAtTheGreenestClusterIsNotMoved) {
  be("south");
  const auto d = decided();
  EXPECT_EQ(d.clusters, "south");
  EXPECT_EQ(d.token.site, "south");
}

TEST_F(FederationTest, AnotherClusterIsLeftToTheFederation) {
  arrive_from(kSouth, false);
  const auto d = decided();
  EXPECT_EQ(d.clusters, "");
  EXPECT_EQ(d.begin, std::nullopt);
  EXPECT_TRUE(d.token.empty());
}

TEST_F(FederationTest, AnArrayStays) {
  job.in_array = true;
  expect_stays();
  EXPECT_EQ(decided().clusters, "");
  job.mode = "defer";
  EXPECT_EQ(decided().begin, kNow + hours(4));
  EXPECT_EQ(decided().clusters, "") << "Slurm keeps it at its origin";
}

TEST_F(FederationTest, TheUsersClustersStand) {
  job.clusters = "north";
  expect_stays();
  job.clusters = "north,south";
  EXPECT_EQ(decided().clusters, "south");
  job.clusters = "all";
  EXPECT_EQ(decided().clusters, "south");
  job.clusters = "south";
  EXPECT_EQ(decided().clusters, "") << "it is sent there alone already, and that cluster decides";
  EXPECT_TRUE(decided().token.empty());
  job.clusters = {};
  job.cluster_features = job.pinned = true;
  EXPECT_EQ(decided().message, "carbon: not moved: it selects clusters with --cluster-constraint");
}

TEST_F(FederationTest, WhatCannotRunThereStays) {
  auto& content = sample.content();
  auto& there = content.partitions[2];
  there.name = "gpu2";
  expect_stays();
  there.name = "gpu";
  job.default_partition = true;
  expect_stays();
  there.limits.is_default = true;
  EXPECT_EQ(decided().clusters, "south");
  there.limits.kinds[0].gpus[0].count = 1;
  expect_stays();
  there.limits.kinds[0].gpus[0].count = 4;
  job.cluster_pinned = true;
  expect_stays();
  job.cluster_pinned = false;
  EXPECT_EQ(decided().clusters, "south");
  there.limits.kinds.clear();
  expect_stays();
}

TEST_F(FederationTest, ADrainedClusterGetsNoJobAndSendsNone) {
  auto& content = sample.content();
  content.sites[1].fed_id = 0;
  expect_stays();
  content.sites[1].fed_id = kSouth;
  content.sites[0].fed_id = 0;
  expect_stays();
  EXPECT_EQ(decided().clusters, "");
}

TEST_F(FederationTest, SitesThatShareAPartitionThereAreNotToldApartFromHere) {
  auto& content = sample.content();
  content.sites.push_back(content.sites[1]);
  content.sites[1].features = {"east"};
  content.sites[2].features = {"west"};
  content.sites[2].name = "southwest";
  auto twin = content.partitions[2];
  twin.site = 2;
  content.partitions.push_back(twin);
  expect_stays();
}

TEST_F(FederationTest, ObserveChangesNothing) {
  sample.content().rules.observe = true;
  const auto d = decided();
  EXPECT_EQ(d.clusters, "");
  EXPECT_EQ(d.token.site, "south");
}

}  // namespace
}  // namespace carbon::placement

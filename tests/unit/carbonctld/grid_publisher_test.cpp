// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/grid/grid_publisher.h"

#include <gtest/gtest.h>

#include "snapshot/snapshot.h"
#include "tests/support/fake_slurm.h"
#include "tests/support/ledger_fixture.h"

namespace carbon::carbonctld {
namespace {
using namespace std::chrono_literals;
using ledger::kDay;
using ledger::make_record;

struct FakeFeeds {
  std::vector<grid_feeds::SiteSeries> poll(Interval window) {
    last_window = window;
    std::vector<grid_feeds::SiteSeries> out;
    for (const auto& site : {"a", "b"}) {
      std::vector<IntensityPoint> points;
      for (int h = -3; h < 6; ++h)
        points.push_back(
            {{kDay + h * 1h, kDay + (h + 1) * 1h}, GramsPerKwh(level + h), h < 0 ? Origin::kActual : Origin::kForecast});
      grid_feeds::SiteSeries s;
      s.site = site;
      s.series = std::move(*IntensitySeries::make({"Z", "fake", {}, kDay, true}, std::move(points)));
      s.origin = Origin::kForecast;
      s.feeds.emplace_back().ok = answers;
      out.push_back(std::move(s));
    }
    return out;
  }
  double level = 100;
  bool answers = true;
  Interval last_window{};
};

class GridPublisherTest : public ledger::LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    config_.carbonctld.state_dir = dir_;
    config_.sites = sites();
    config_.placement.min_gpus = 3;
  }

  // The partition gpu-a has a large node and two small ones, of which one is down.
  static Topology topology() {
    PartitionLimits limits;
    limits.default_time = 10min;
    limits.max_time = 24h;
    const auto node = [](const char* name, std::uint32_t up, std::uint32_t cpus, const char* feature) {
      return SlurmNode{name, {"gpu-a", "other"}, {up, cpus, 4096, {{"a100", 4}}, {feature}}};
    };
    return {{{"gpu-a", limits}, {"other", {}}}, {node("n1", 1, 64, "big"), node("n2", 1, 8, "small"), node("n3", 0, 8, "small")}};
  }

  snapshot::Snapshot snapshot() {
    auto opened = snapshot::Snapshot::open(snapshot_file(config_));
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  config::Config config_;
  FakeFeeds feeds_;
  GridPublisher::Poll poll_ = [this](Instant, Interval window) { return feeds_.poll(window); };
  FakeSlurm slurm_;
};

TEST_F(GridPublisherTest, PublishesSitesRulesAndPartitions) {
  slurm_.known_topology = topology();
  SlurmState state(slurm_, slurm_, 1min, {"campus"});
  GridPublisher publisher(config_, poll_, *store_, state);
  publisher.round(kDay + 30min);
  const auto s = snapshot();
  EXPECT_EQ(s.content().published, kDay + 30min);
  EXPECT_EQ(s.content().rules.min_gpus, 3u);
  ASSERT_EQ(s.content().sites.size(), 2u);
  EXPECT_EQ(s.content().sites[1].pue, 1.5);
  EXPECT_EQ(s.content().sites[0].series.at(kDay + 90min), GramsPerKwh(101));
  ASSERT_EQ(s.content().partitions.size(), 2u);
  EXPECT_EQ(s.content().partitions[0].limits.max_time, Duration(24h));
  EXPECT_EQ(s.content().partitions[1].site, 1u);
  EXPECT_GE(feeds_.last_window.end, kDay + 24h);
}

TEST_F(GridPublisherTest, CountsOutagesRegardlessOfTheirLength) {
  SlurmState state(slurm_, slurm_, 1min, {"campus"});
  GridPublisher publisher(config_, poll_, *store_, state);
  const std::vector<std::vector<std::uint64_t>> none(2, {0}), one(2, {1}), two(2, {2});
  publisher.round(kDay);
  EXPECT_EQ(publisher.outages(), none);
  feeds_.answers = false;
  publisher.round(kDay + 1min);
  publisher.round(kDay + 2min);
  EXPECT_EQ(publisher.outages(), one);
  feeds_.answers = true;
  publisher.round(kDay + 3min);
  feeds_.answers = false;
  publisher.round(kDay + 4min);
  EXPECT_EQ(publisher.outages(), two);
}

TEST_F(GridPublisherTest, PublishesTheKindsOfNodes) {
  slurm_.known_topology = topology();
  SlurmState state(slurm_, slurm_, 1min, {"campus"});
  GridPublisher publisher(config_, poll_, *store_, state);
  publisher.round(kDay);
  const auto all = snapshot();
  const auto& kinds = all.content().partitions.at(0).limits.kinds;
  ASSERT_EQ(kinds.size(), 2u);
  EXPECT_EQ(kinds[0], (NodeKind{1, 64, 4096, {{"a100", 4}}, {"big"}}));
  EXPECT_EQ(kinds[1], (NodeKind{1, 8, 4096, {{"a100", 4}}, {"small"}})) << "one of the two is down";
  config_.sites[0].features = {"small"};
  publisher.round(kDay + 2min);
  const auto small = snapshot();
  EXPECT_EQ(small.content().partitions.at(0).limits.kinds.size(), 1u) << "a site with features has only the nodes with these";
  EXPECT_EQ(small.content().sites.at(0).features, (std::vector<std::string>{"small"}));
}

TEST_F(GridPublisherTest, PublishesTheClustersOfAFederationWithTheirKindsOfNodes) {
  config_.sites[1].cluster = "south";
  config_.sites[1].partitions = {"gpu-a"};
  slurm_.known_topology = topology();
  auto there = slurm_.known_topology.partitions[0];
  there.limits.max_time = 2h;
  there.cluster = "south";
  slurm_.known_topology.partitions.push_back(there);
  slurm_.known_topology.nodes.push_back({"n1", {"gpu-a"}, {1, 16, 4096, {{"h100", 8}}, {}}, "south"});
  slurm_.known_topology.federation = {{"", 1}, {"south", 2}};
  SlurmState state(slurm_, slurm_, 1min, {"campus", "south"});
  GridPublisher publisher(config_, poll_, *store_, state);
  publisher.round(kDay);
  const auto s = snapshot();
  EXPECT_EQ(s.content().sites[0].fed_id, 1u);
  EXPECT_EQ(s.content().sites[1].fed_id, 2u);
  const auto &here = s.content().partitions.at(0).limits, &other = s.content().partitions.at(1).limits;
  EXPECT_EQ(here.max_time, Duration(24h));
  EXPECT_EQ(here.kinds.size(), 2u) << "none of a node of the same name elsewhere";
  EXPECT_EQ(other.max_time, Duration(2h));
  ASSERT_EQ(other.kinds.size(), 1u);
  EXPECT_EQ(other.kinds[0].gpus[0].type, "h100");
  slurm_.known_topology.federation = {{"", 1}};  // it drains, or does not answer
  publisher.round(kDay + 2min);
  EXPECT_EQ(snapshot().content().sites[1].fed_id, 0u);
}

TEST_F(GridPublisherTest, PublishesUsersAndTheirAccounts) {
  PlacementRule rule;
  rule.users = {"root", "nobody-of-that-name"};
  config_.placement.rules = {rule};
  slurm_.association_list = {{1000, "campus", "nlp", "", true}};
  SlurmState state(slurm_, slurm_, 1min, {"campus"});
  GridPublisher publisher(config_, poll_, *store_, state);
  publisher.round(kDay);
  const auto first = snapshot();
  EXPECT_EQ(first.content().rules.rules.at(0).uids, (std::vector<std::uint32_t>{0}));
  EXPECT_TRUE(first.content().associations_enforced);
  EXPECT_TRUE(first.content().associations.allow(1000, "campus", "nlp", "gpu-a"));
  slurm_.dbd_up = false;
  publisher.round(kDay + 10min);
  const auto later = snapshot();
  EXPECT_TRUE(later.content().associations.allow(1000, "campus", "nlp", "gpu-a")) << "the last answer of slurmdbd still counts";
}

TEST_F(GridPublisherTest, WithoutSlurmctldPublishesTheLastKnownLimits) {
  slurm_.known_topology = topology();
  SlurmState state(slurm_, slurm_, 1min, {"campus"});
  GridPublisher publisher(config_, poll_, *store_, state);
  publisher.round(kDay);
  slurm_.ctld_up = false;
  publisher.round(kDay + 2min);
  EXPECT_EQ(snapshot().content().partitions[0].limits.max_time, Duration(24h));
  EXPECT_EQ(snapshot().content().published, kDay + 2min);
  EXPECT_NE(state.state(), "ok");
}

TEST_F(GridPublisherTest, NoticesASlurmctldThatStartsLaterWithinSeconds) {
  slurm_.ctld_up = false;
  SlurmState state(slurm_, slurm_, 1min, {"campus"});
  GridPublisher publisher(config_, poll_, *store_, state);
  publisher.round(kDay);
  EXPECT_EQ(snapshot().content().partitions.at(0).limits.max_time, Duration(0));
  slurm_.ctld_up = true;
  slurm_.known_topology = topology();
  publisher.round(kDay + 6s);
  EXPECT_EQ(snapshot().content().partitions.at(0).limits.max_time, Duration(24h));
}

TEST_F(GridPublisherTest, ATimeWithoutUsIsFetchedAfterwards) {
  SlurmState state(slurm_, slurm_, 1min, {"campus"});
  GridPublisher publisher(config_, poll_, *store_, state);
  put_hours("a", kDay - 24h * 5, {100});
  publisher.round(kDay);
  EXPECT_EQ(feeds_.last_window.start, kDay - 24h * 5 + 1h) << "since the last measured value";
  publisher.round(kDay + 1min);
  EXPECT_EQ(feeds_.last_window.start, kDay + 1min - 24h) << "the values of that time have come";
}

TEST_F(GridPublisherTest, TheTimeOfEnergyWithoutAnIntensityIsFetched) {
  SlurmState state(slurm_, slurm_, 1min, {"campus"});
  GridPublisher publisher(config_, poll_, *store_, state);
  publisher.round(kDay);
  EXPECT_EQ(feeds_.last_window.start, kDay - 24h);
  put({make_record(1, kDay - 24h * 3, {ledger::kKwhMj}), make_record(2, kDay - 24h * 90, {ledger::kKwhMj})});
  account();
  publisher.round(kDay + 1min);
  EXPECT_EQ(feeds_.last_window.start, kDay + 1min - 24h) << "looked for once an hour";
  publisher.round(kDay + 1h);
  EXPECT_EQ(feeds_.last_window.start, kDay - 24h * 3) << "and not for longer than a month";
}

TEST_F(GridPublisherTest, StoresThePastAndNotTheFuture) {
  SlurmState state(slurm_, slurm_, 1min, {"campus"});
  GridPublisher publisher(config_, poll_, *store_, state);
  publisher.round(kDay + 30min);
  const auto kept = store_->intensity("b", {kDay - 24h, kDay + 24h});
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->size(), 4u);  // three hours of the past and the present one
  EXPECT_EQ(kept->back().point.origin, Origin::kForecast);
  EXPECT_TRUE(kept->back().simulated);
  feeds_.level = 200;
  publisher.round(kDay + 31min);
  EXPECT_EQ(store_->intensity("b", {kDay - 24h, kDay + 24h})->front().point.value, GramsPerKwh(197));
}

TEST_F(GridPublisherTest, GoesOnIfTheStateDirCannotBeWritten) {
  config_.carbonctld.state_dir = "/nonexistent/state";
  SlurmState state(slurm_, slurm_, 1min, {"campus"});
  GridPublisher publisher(config_, poll_, *store_, state);
  publisher.round(kDay);
  EXPECT_EQ(publisher.published(), Instant{});
  ASSERT_TRUE(publisher.latest());
  EXPECT_EQ(publisher.latest()->size(), 2u);
}

}  // namespace
}  // namespace carbon::carbonctld

// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/grid_keeper.h"

#include <gtest/gtest.h>

#include "grid_feeds/snapshot.h"
#include "tests/unit/carbonctld/fake_slurm.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace carbon::ctld {
namespace {
using namespace std::chrono_literals;
using ledger::kDay;

class FakeFeeds final : public feeds::GridFeeds {
 public:
  std::vector<feeds::SiteSeries> poll(Instant, Interval window) override {
    last_window = window;
    std::vector<feeds::SiteSeries> out;
    for (const auto& site : {"a", "b"}) {
      std::vector<IntensityPoint> points;
      for (int h = -3; h < 6; ++h)
        points.push_back(
            {{kDay + h * 1h, kDay + (h + 1) * 1h}, GramsPerKwh(level + h), h < 0 ? Origin::kActual : Origin::kForecast});
      feeds::SiteSeries s;
      s.site = site;
      s.series = std::move(*IntensitySeries::make({"Z", "fake", {}, kDay, true}, std::move(points)));
      s.origin = Origin::kForecast;
      out.push_back(std::move(s));
    }
    return out;
  }
  double level = 100;
  Interval last_window{};
};

class GridKeeperTest : public ledger::LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    config_.carbonctld.state_dir = dir_;
    config_.sites = sites();
    config_.placement.min_gpus = 3;
  }

  feeds::Snapshot snapshot() {
    auto opened = feeds::Snapshot::open(snapshot_file(config_));
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  Config config_;
  FakeFeeds feeds_;
  FakeSlurm slurm_;
};

TEST_F(GridKeeperTest, PublishesSitesRulesAndPartitions) {
  slurm_.partition_list = {{"gpu-a", 10min, 24h}, {"other", 0s, 0s}};
  SlurmState state(slurm_);
  GridKeeper keeper(config_, feeds_, *store_, state);
  keeper.round(kDay + 30min);
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

TEST_F(GridKeeperTest, WithoutSlurmctldTheLastKnownLimitsStand) {
  slurm_.partition_list = {{"gpu-a", 10min, 24h}};
  SlurmState state(slurm_);
  GridKeeper keeper(config_, feeds_, *store_, state);
  keeper.round(kDay);
  slurm_.ctld_up = false;
  keeper.round(kDay + 2min);
  EXPECT_EQ(snapshot().content().partitions[0].limits.max_time, Duration(24h));
  EXPECT_EQ(snapshot().content().published, kDay + 2min);
  EXPECT_NE(state.state(), "ok");
}

TEST_F(GridKeeperTest, SlurmctldThatComesLaterIsNoticedWithinSeconds) {
  slurm_.ctld_up = false;
  SlurmState state(slurm_);
  GridKeeper keeper(config_, feeds_, *store_, state);
  keeper.round(kDay);
  EXPECT_EQ(snapshot().content().partitions.at(0).limits.max_time, Duration(0));
  slurm_.ctld_up = true;
  slurm_.partition_list = {{"gpu-a", 10min, 24h}};
  keeper.round(kDay + 6s);
  EXPECT_EQ(snapshot().content().partitions.at(0).limits.max_time, Duration(24h));
}

TEST_F(GridKeeperTest, ThePastIsKeptAndTheFutureIsNot) {
  SlurmState state(slurm_);
  GridKeeper keeper(config_, feeds_, *store_, state);
  keeper.round(kDay + 30min);
  const auto kept = store_->intensity("b", {kDay - 24h, kDay + 24h});
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->size(), 4u);  // three hours of the past and the present one
  EXPECT_EQ(kept->back().point.origin, Origin::kForecast);
  EXPECT_TRUE(kept->back().simulated);
  feeds_.level = 200;
  keeper.round(kDay + 31min);
  EXPECT_EQ(store_->intensity("b", {kDay - 24h, kDay + 24h})->front().point.value, GramsPerKwh(197));
}

TEST_F(GridKeeperTest, AStateDirThatCannotBeWrittenIsNotTheEnd) {
  config_.carbonctld.state_dir = "/nonexistent/state";
  SlurmState state(slurm_);
  GridKeeper keeper(config_, feeds_, *store_, state);
  keeper.round(kDay);
  EXPECT_EQ(keeper.published(), Instant{});
  ASSERT_TRUE(keeper.latest());
  EXPECT_EQ(keeper.latest()->size(), 2u);
}

}  // namespace
}  // namespace carbon::ctld

// SPDX-License-Identifier: Apache-2.0
// What a following carbonctld takes from its leader, and when it uses its own feeds.
#include "carbonctld/grid/leader.h"

#include <gtest/gtest.h>

#include "carbonctld/api/json_views.h"
#include "carbonctld/grid/grid_publisher.h"
#include "net/query.h"
#include "tests/support/fake_slurm.h"
#include "tests/support/hourly_series.h"
#include "tests/support/ledger_fixture.h"
#include "tests/support/local_munged.h"

namespace carbon::carbonctld {
namespace {
using namespace std::chrono_literals;

// Transport that answers as a leader.
class LeaderAnswers final : public net::HttpTransport {
 public:
  Result<net::HttpResponse> send(const net::HttpRequest& request) override {
    if (!up) return Error{"connection refused"};
    requested.push_back(request.url);
    signed_all = signed_all && !request.headers.empty();
    net::HttpResponse response;
    response.body = request.url.ends_with("/v1/health") ? health_json(health, clock) : grid_json(clock, {}, sites, series);
    return response;
  }
  bool up = true, signed_all = true;
  Instant clock = kNow;
  Health health;
  std::vector<Site> sites;
  std::vector<grid_feeds::SiteSeries> series;
  std::vector<std::string> requested;
};

struct OwnFeeds {
  std::vector<grid_feeds::SiteSeries> poll() {
    ++polls;
    std::vector<grid_feeds::SiteSeries> out(2);
    for (auto& s : out) s.series = hours({300});
    return out;
  }
  int polls = 0;
};

class LeaderTest : public ledger::LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    if (!munged_.running()) GTEST_SKIP() << "munged does not start here (Debian package munge)";
    config_.cluster = "south";
    config_.carbonctld.leader = "north:6822";
    config_.carbonctld.state_dir = dir_;
    config_.sites = answers_.sites = sites();
    for (const auto& site : config_.sites) {
      grid_feeds::SiteSeries s;
      s.site = site.name;
      s.series = std::move(*IntensitySeries::make(
          {"Z", "gb-neso", {Signal::kMarginal, Emissions::kDirect, Boundary::kProduction}, kNow - 1min, true},
          {{{kNow - 500ms, kNow}, GramsPerKwh(101), Origin::kActual},
           {{kNow, kNow + 1h}, GramsPerKwh(102.5), Origin::kForecast, ForecastBand{GramsPerKwh(90), GramsPerKwh(120)}}}));
      s.origin = Origin::kForecast;
      s.feeds = {{"gb-neso", false, "503", kNow, {}, "zeros", "estimates"}};
      answers_.series.push_back(std::move(s));
    }
    answers_.health = {{}, kNow, "ok", "ok", true, kNow, {"north", "south"}, ""};
  }

  test::LocalMunged munged_;
  config::Config config_;
  LeaderAnswers answers_;
  net::Munge munge_{munged_.socket()};
  Leader leader_{config_, answers_, munge_};
};

TEST_F(LeaderTest, TakesTheWholeGridOfTheLeader) {
  const auto found = leader_.fetch_grid(kNow, kNow - 24h);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2u);
  EXPECT_TRUE(answers_.signed_all);
  EXPECT_EQ(answers_.requested.at(1), "http://north:6822/v1/grid?since=" + net::percent_encoded(format_utc(kNow - 24h)));
  const auto& got = found->at(0);
  const auto& given = answers_.series.at(0);
  EXPECT_EQ(got.site, given.site);
  EXPECT_EQ(got.origin, given.origin);
  EXPECT_EQ(got.series.meta().provider, "gb-neso");
  EXPECT_EQ(got.series.meta().kind, given.series.meta().kind);
  EXPECT_EQ(got.series.meta().issued, given.series.meta().issued);
  EXPECT_TRUE(got.series.meta().simulated);
  ASSERT_EQ(got.series.points().size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(got.series.points()[i].when, given.series.points()[i].when);
    EXPECT_EQ(got.series.points()[i].value, given.series.points()[i].value);
    EXPECT_EQ(got.series.points()[i].origin, given.series.points()[i].origin);
  }
  EXPECT_FALSE(got.series.points()[0].band);
  ASSERT_TRUE(got.series.points()[1].band);
  EXPECT_EQ(got.series.points()[1].band->p10, GramsPerKwh(90));
  EXPECT_EQ(got.series.points()[1].band->p90, GramsPerKwh(120));
  EXPECT_EQ(got.feeds[0].cause, "503");
  EXPECT_EQ(got.feeds[0].note, "estimates");
  EXPECT_EQ(got.feeds[0].last_good, Instant{}) << "never";
  EXPECT_TRUE(leader_.plans(kNow));
}

TEST_F(LeaderTest, DoesNotPlanOnceItIsSilent) {
  ASSERT_TRUE(leader_.fetch_grid(kNow, kNow));
  EXPECT_FALSE(leader_.plans(kNow + 10min)) << "its last answer is too old";
  answers_.up = false;
  EXPECT_FALSE(leader_.fetch_grid(kNow, kNow));
  EXPECT_FALSE(leader_.plans(kNow));
}

TEST_F(LeaderTest, AnsweringIsNotPlanning) {
  answers_.health.planned = kNow - 1h;  // its slurmctld is down
  EXPECT_TRUE(leader_.fetch_grid(kNow, kNow));
  EXPECT_FALSE(leader_.plans(kNow));
  answers_.health.planned = kNow;
  answers_.health.clusters = {"north"};  // our slurmctld does not answer it
  EXPECT_TRUE(leader_.fetch_grid(kNow, kNow));
  EXPECT_FALSE(leader_.plans(kNow));
}

TEST_F(LeaderTest, DoesNotLeadIfItFollowsAnother) {
  answers_.health.leads = false;
  EXPECT_FALSE(leader_.fetch_grid(kNow, kNow));
  EXPECT_FALSE(leader_.plans(kNow));
}

TEST_F(LeaderTest, OldNewsAndOtherSitesAreOfNoUse) {
  answers_.health.snapshot_published = kNow - 2h;
  EXPECT_FALSE(leader_.fetch_grid(kNow, kNow));
  answers_.health.snapshot_published = kNow;
  answers_.clock = kNow + 3min;  // clocks differ
  EXPECT_TRUE(leader_.fetch_grid(kNow, kNow));
  answers_.sites.pop_back();
  EXPECT_FALSE(leader_.fetch_grid(kNow, kNow));
}

TEST_F(LeaderTest, ReplacesOurFeedsWhileItAnswers) {
  OwnFeeds feeds;
  FakeSlurm slurm;
  SlurmState state(slurm, slurm, 1min, {"south"});
  GridPublisher publisher(
      config_, [&feeds](Instant, Interval) { return feeds.poll(); }, *store_, state, &leader_);
  publisher.round(kNow);
  EXPECT_EQ(feeds.polls, 0);
  EXPECT_EQ(publisher.latest()->at(0).series.view().at(kNow), GramsPerKwh(102.5));
  answers_.up = false;
  publisher.round(kNow + 1min);
  EXPECT_EQ(feeds.polls, 1);
  EXPECT_EQ(publisher.latest()->at(0).series.view().at(kNow), GramsPerKwh(300));
  answers_.up = true;
  publisher.round(kNow + 2min);
  EXPECT_EQ(feeds.polls, 1);
}

}  // namespace
}  // namespace carbon::carbonctld

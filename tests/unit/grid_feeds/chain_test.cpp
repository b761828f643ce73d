// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/chain.h"

#include "tests/unit/grid_feeds/feed_kit.h"

namespace carbon::feeds {
namespace {
using namespace std::chrono_literals;

const Instant start = utc("2026-11-24T03:00Z");

// Half hours from `from` on, as Great Britain's API writes them.
std::string half_hours(Instant from, int count, double value) {
  std::string body = R"({"data":[)";
  for (int i = 0; i < count; ++i) {
    const auto t = from + i * 30min;
    body += (i > 0 ? "," : "") + std::string(R"({"from":")") + format_utc(t) + R"(","to":")" + format_utc(t + 30min) +
            R"(","intensity":{"forecast":)" + std::to_string(value + i % 5) + R"(,"actual":null}})";
  }
  return body + "]}";
}

struct Chain : testing::Test {
  PlayedTransport transport;
  Site site = site_of("GB", {choice_of("gb-neso"), choice_of("static", {{"intensity", "200"}})});
  std::unique_ptr<GridFeeds> feeds;

  void make() {
    auto made = GridFeeds::make({&site, 1}, {.transport = &transport, .state_dir = {}, .secrets_file = {}, .seed = 1});
    ASSERT_TRUE(made.ok()) << made.error().message;
    feeds = std::move(made).value();
  }
  SiteSeries poll(Instant now) { return feeds->poll(now, {now - 2h, now + 24h}).at(0); }
};

TEST_F(Chain, TheFirstProviderCountsAndTheNextFillsWhatItLeaves) {
  transport.play = [](const net::HttpRequest&) { return respond(200, half_hours(start, 8, 100)); };
  make();
  const auto got = poll(start);
  const auto view = got.series.view();
  EXPECT_EQ(view.at(start + 1h)->value(), 102);
  EXPECT_EQ(view.at(start + 5h)->value(), 200);
  EXPECT_EQ(view.integrate(start, start + 24h).covered, Duration(24h));
  EXPECT_EQ(got.origin, Origin::kYearlyFactor);  // true of the whole series ahead
  EXPECT_EQ(got.series.points().at(4).origin, Origin::kForecast);
  EXPECT_TRUE(got.feeds.at(0).ok);
  EXPECT_TRUE(got.news.empty());
}

TEST_F(Chain, AnOutageIsNamedOnceAndSoIsItsEnd) {
  make();
  auto got = poll(start);
  ASSERT_EQ(got.news.size(), 1u);
  EXPECT_EQ(got.news[0], "grid feed gb-neso (zone GB): ahead: no connection");
  EXPECT_FALSE(got.feeds.at(0).ok);
  EXPECT_EQ(got.series.view().at(start)->value(), 200);
  for (Duration later = 1min; later < 3h; later += 1min) EXPECT_TRUE(poll(start + later).news.empty());
  transport.play = [](const net::HttpRequest&) { return respond(200, half_hours(start + 3h, 96, 100)); };
  std::vector<std::string> news;
  for (Duration later = 3h; later < 5h; later += 1min) {
    for (auto& line : poll(start + later).news) news.push_back(line);
  }
  ASSERT_EQ(news.size(), 1u);
  EXPECT_NE(news[0].find("answers again after"), std::string::npos) << news[0];
}

TEST_F(Chain, ALastGoodAnswerStandsWhileItReaches) {
  transport.play = [](const net::HttpRequest&) { return respond(200, half_hours(start, 96, 100)); };
  make();
  poll(start);
  transport.play = [](const net::HttpRequest&) { return respond(200, "{}"); };
  const auto got = poll(start + 1h);
  EXPECT_FALSE(got.feeds.at(0).ok);
  EXPECT_EQ(got.series.view().at(start + 5h)->value(), 100);
  EXPECT_EQ(got.feeds.at(0).last_good, start);
}

TEST_F(Chain, AsksOncePerHalfHourAndNeverMoreThan24TimesAnHour) {
  transport.play = [](const net::HttpRequest&) { return respond(200, half_hours(start, 96, 100)); };
  make();
  for (Duration later = 0min; later < 2h; later += 1min) poll(start + later);
  EXPECT_LE(transport.sent.size(), 2u * 5u);
  transport.sent.clear();
  transport.play = [](const net::HttpRequest&) { return respond(500, ""); };
  for (Duration later = 2h; later < 3h; later += 10s) poll(start + later);
  EXPECT_LE(transport.sent.size(), 24u);
}

TEST_F(Chain, AReplayIsSimulatedAndSaysSo) {
  TempDir dir;
  write_file(dir / "year.csv", "datetime,GB\n2022-01-01T00:00Z,100\n2022-01-01T01:00Z,150\n");
  site.feeds = {choice_of("replay", {{"file", (dir / "year.csv").string()}, {"origin", "2026-11-24T00:00Z"}})};
  make();
  const auto got = poll(start);
  EXPECT_TRUE(got.series.meta().simulated);
  EXPECT_EQ(got.series.meta().provider, "replay");
  EXPECT_EQ(got.origin, Origin::kForecast);
  EXPECT_EQ(got.series.view().integrate(start - 2h, start + 24h).covered, Duration(26h));
  EXPECT_TRUE(transport.sent.empty());
}

// A day a minute over a week ahead: the feed is asked for the window and for no more of the past.
TEST_F(Chain, AFastReplayIsNotAskedForTwoWeeksOfPast) {
  TempDir dir;
  write_file(dir / "year.csv", "datetime,GB\n2022-01-01T00:00Z,100\n2022-01-01T01:00Z,150\n");
  site.feeds = {choice_of("replay", {{"file", (dir / "year.csv").string()}, {"origin", "2026-11-24T00:00Z"}, {"scale", "1440"}})};
  make();
  const auto got = feeds->poll(start, {start - 24h, start + 168h}).at(0);
  EXPECT_TRUE(got.feeds.at(0).ok) << got.feeds.at(0).cause;
  EXPECT_EQ(got.origin, Origin::kForecast);
}

TEST_F(Chain, AMissingFileIsNamed) {
  site.feeds = {choice_of("replay", {{"file", "/no/such/file.csv"}, {"origin", "2026-11-24T00:00Z"}})};
  make();
  const auto got = poll(start);
  EXPECT_NE(got.feeds.at(0).cause.find("/no/such/file.csv"), std::string::npos) << got.feeds.at(0).cause;
}

TEST_F(Chain, ABadChoiceIsFoundWhenItIsMade) {
  site.feeds = {choice_of("nonsense")};
  const auto made = GridFeeds::make({&site, 1}, {.transport = &transport, .state_dir = {}, .secrets_file = {}, .seed = 1});
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().message.find("carbon.conf:7"), std::string::npos);
}

}  // namespace
}  // namespace carbon::feeds

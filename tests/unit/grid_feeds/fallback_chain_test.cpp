// SPDX-License-Identifier: Apache-2.0
#include "forecast/forecast_log.h"
#include "grid_feeds/grid_feeds.h"
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
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

TEST_F(Chain, TheFirstProviderCountsAndTheNextFillsItsGaps) {
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
  EXPECT_TRUE(got.events.empty());
}

TEST_F(Chain, LogsAnOutageOnceAndItsEndOnce) {
  make();
  auto got = poll(start);
  ASSERT_EQ(got.events.size(), 1u);
  EXPECT_EQ(got.events[0], "grid feed gb-neso (zone GB): ahead: no connection");
  EXPECT_FALSE(got.feeds.at(0).ok);
  EXPECT_EQ(got.series.view().at(start)->value(), 200);
  for (Duration later = 1min; later < 3h; later += 1min) EXPECT_TRUE(poll(start + later).events.empty());
  transport.play = [](const net::HttpRequest&) { return respond(200, half_hours(start + 3h, 96, 100)); };
  std::vector<std::string> events;
  for (Duration later = 3h; later < 5h; later += 1min) {
    for (auto& line : poll(start + later).events) events.push_back(line);
  }
  ASSERT_EQ(events.size(), 1u);
  EXPECT_NE(events[0].find("answers again after"), std::string::npos) << events[0];
}

TEST_F(Chain, UsesTheLastValidAnswerAsFarAsItReaches) {
  transport.play = [](const net::HttpRequest&) { return respond(200, half_hours(start, 96, 100)); };
  make();
  poll(start);
  transport.play = [](const net::HttpRequest&) { return respond(200, "{}"); };
  const auto got = poll(start + 1h);
  EXPECT_FALSE(got.feeds.at(0).ok);
  EXPECT_EQ(got.series.view().at(start + 5h)->value(), 100);
  EXPECT_EQ(got.feeds.at(0).last_good, start);
}

TEST_F(Chain, SendsOncePerHalfHourAndNeverMoreThan24TimesAnHour) {
  transport.play = [](const net::HttpRequest&) { return respond(200, half_hours(start, 96, 100)); };
  make();
  for (Duration later = 0min; later < 2h; later += 1min) poll(start + later);
  EXPECT_LE(transport.sent.size(), 2u * 5u);
  transport.sent.clear();
  transport.play = [](const net::HttpRequest&) { return respond(500, ""); };
  for (Duration later = 2h; later < 3h; later += 10s) poll(start + later);
  EXPECT_LE(transport.sent.size(), 24u);
}

TEST_F(Chain, AReplayIsMarkedAsSimulated) {
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

// At a day per minute over a week: only the window is requested, and no more of the past.
TEST_F(Chain, AFastReplayNeedsNoTwoWeeksOfPast) {
  TempDir dir;
  write_file(dir / "year.csv", "datetime,GB\n2022-01-01T00:00Z,100\n2022-01-01T01:00Z,150\n");
  site.feeds = {choice_of("replay", {{"file", (dir / "year.csv").string()}, {"origin", "2026-11-24T00:00Z"}, {"scale", "1440"}})};
  make();
  const auto got = feeds->poll(start, {start - 24h, start + 168h}).at(0);
  EXPECT_TRUE(got.feeds.at(0).ok) << got.feeds.at(0).cause;
  EXPECT_EQ(got.origin, Origin::kForecast);
}

TEST_F(Chain, NamesAMissingFile) {
  site.feeds = {choice_of("replay", {{"file", "/no/such/file.csv"}, {"origin", "2026-11-24T00:00Z"}})};
  make();
  const auto got = poll(start);
  EXPECT_NE(got.feeds.at(0).cause.find("/no/such/file.csv"), std::string::npos) << got.feeds.at(0).cause;
}

TEST_F(Chain, SaysWhatValidationRefusedOrLeftOutAndWhy) {
  transport.play = [](const net::HttpRequest&) {
    auto body = half_hours(start, 40, 100);
    for (const char* wild : {"103.000000", "104.000000"}) {
      for (auto at = body.find(wild); at != std::string::npos; at = body.find(wild)) body.replace(at, 10, "99999");
    }
    return respond(200, body);
  };
  make();
  auto got = poll(start);
  EXPECT_TRUE(got.feeds.at(0).ok);
  EXPECT_NE(got.feeds.at(0).left_out.find("16 values out of range were left out"), std::string::npos) << got.feeds.at(0).left_out;
  EXPECT_EQ(got.series.view().at(start + 90min)->value(), 200) << "the next entry fills the gap";
  transport.play = [](const net::HttpRequest&) { return respond(200, half_hours(start, 40, -9)); };
  got = poll(start + 1h);
  EXPECT_FALSE(got.feeds.at(0).ok);
  EXPECT_NE(got.feeds.at(0).cause.find("no value is left"), std::string::npos) << got.feeds.at(0).cause;
}

// A provider that is stuck is not believed because of one other value.
TEST_F(Chain, AFlatLineWithOneOtherValueIsRefused) {
  transport.play = [](const net::HttpRequest&) {
    auto body = half_hours(start, 96, 100);
    for (int i = 0; i < 96; ++i) {
      const auto value = std::to_string(100.0 + i);
      for (auto at = body.find(":" + value); i != 50 && at != std::string::npos; at = body.find(":" + value, at + 1))
        body.replace(at, value.size() + 1, ":77.000000");
    }
    return respond(200, body);
  };
  make();
  const auto got = poll(start);
  EXPECT_FALSE(got.feeds.at(0).ok);
  EXPECT_NE(got.feeds.at(0).cause.find("one value, 77"), std::string::npos) << got.feeds.at(0).cause;
}

// A provider that was always 10 % too high: its error is known, and with it the band of its next forecast.
TEST_F(Chain, ScoresForecastsAndGivesThemBands) {
  TempDir dir;
  {
    const auto log = forecast::make_file_log(dir / "feeds");
    for (int h = -100; h < 0; ++h) {
      forecast::Issue issued{start + h * 1h, {Signal::kAverage, Emissions::kDirect, Boundary::kConsumption}, {}};
      forecast::Issue measured = issued;
      measured.known_at += 1h;
      measured.points.push_back({{start + h * 1h, start + (h + 1) * 1h}, GramsPerKwh(100 + h % 7), Origin::kActual});
      for (int ahead = 1; ahead <= 6; ++ahead) {
        const int hour = h + ahead;
        issued.points.push_back(
            {{start + hour * 1h, start + (hour + 1) * 1h}, GramsPerKwh(1.1 * (100 + hour % 7)), Origin::kForecast});
      }
      ASSERT_TRUE(log->append("gb-neso.GB", issued).ok());
      ASSERT_TRUE(log->append("gb-neso.GB", measured).ok());
    }
  }
  transport.play = [](const net::HttpRequest&) { return respond(200, half_hours(start, 12, 110)); };
  auto made = GridFeeds::make({&site, 1}, {.transport = &transport, .state_dir = dir.path(), .secrets_file = {}, .seed = 1});
  ASSERT_TRUE(made.ok()) << made.error().message;
  feeds = std::move(made).value();
  const auto got = poll(start);
  ASSERT_GE(got.accuracy.size(), 1u);
  const auto& provider = got.accuracy.at(0);
  EXPECT_EQ(provider.provider, "gb-neso");
  EXPECT_EQ(provider.origin, Origin::kForecast);
  const auto* error = provider.at(2h);
  ASSERT_NE(error, nullptr);
  EXPECT_NEAR(error->mape, 0.1, 1e-6);
  EXPECT_NEAR(error->bias.value(), 10, 0.5);
  EXPECT_GE(error->count, 150u);
  int with_band = 0;
  for (const auto& point : got.series.points()) {
    if (point.origin == Origin::kForecast && point.when.start >= start + 1h) {
      ASSERT_TRUE(point.band) << format_utc(point.when.start);
      EXPECT_NEAR(point.band->p10.value(), point.value.value() / 1.1, 0.01);
      EXPECT_NEAR(point.band->p90.value(), point.value.value() / 1.1, 0.01);
      ++with_band;
    }
    const bool no_forecast = point.origin == Origin::kYearlyFactor || point.origin == Origin::kActual;
    EXPECT_FALSE(no_forecast && point.band) << "only forecasts have a known error";
  }
  EXPECT_GT(with_band, 0);
}

TEST_F(Chain, MakeRefusesABadOption) {
  site.feeds = {choice_of("nonsense")};
  const auto made = GridFeeds::make({&site, 1}, {.transport = &transport, .state_dir = {}, .secrets_file = {}, .seed = 1});
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().message.find("carbon.conf:7"), std::string::npos);
}

}  // namespace
}  // namespace carbon::grid_feeds

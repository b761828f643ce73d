// SPDX-License-Identifier: Apache-2.0
// Rate limit, secrets, validation, factors, and the merge of series of different kinds.
#include <sys/stat.h>

#include "grid_feeds/fetcher.h"
#include "grid_feeds/fuel_mix.h"
#include "grid_feeds/merge_feeds.h"
#include "grid_feeds/secrets.h"
#include "grid_feeds/validation.h"
#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

const Instant t0 = utc("2026-11-24T00:00Z");

IntensityPoint hour(int h, double value, Origin origin = Origin::kForecast) {
  return {{t0 + h * 1h, t0 + (h + 1) * 1h}, GramsPerKwh(value), origin};
}

Reading hours(int from, int to, const std::function<double(int)>& value) {
  Reading reading;
  for (int h = from; h < to; ++h) reading.points.push_back(hour(h, value(h)));
  return reading;
}

net::HttpRequest get(const std::string& url) {
  net::HttpRequest request;
  request.url = url;
  return request;
}

TEST(Fetcher, SendsConditionalRequests) {
  PlayedTransport transport;
  transport.play = [](const net::HttpRequest& request) {
    for (const auto& [name, value] : request.headers) {
      if (name == "If-None-Match" && value == "\"v1\"") return respond(304, "");
    }
    return respond(200, "body", {{"etag", "\"v1\""}, {"last-modified", "Tue, 24 Nov 2026 00:00:00 GMT"}});
  };
  Fetcher fetcher(transport);
  const auto first = std::get<Fetched>(fetcher.get("p", get("http://x/a"), {}, t0));
  EXPECT_EQ(first.body, "body");
  EXPECT_TRUE(std::get<Fetched>(fetcher.get("p", get("http://x/a"), first.validators, t0)).unchanged);
  EXPECT_EQ(transport.sent.back().headers.size(), 2u);
  EXPECT_FALSE(std::get<Fetched>(fetcher.get("p", get("http://x/b"), first.validators, t0)).unchanged);  // another URL
}

TEST(Fetcher, HonoursRetryAfterForTheWholeProvider) {
  PlayedTransport transport;
  transport.play = [](const net::HttpRequest&) { return respond(429, "", {{"retry-after", "600"}}); };
  Fetcher fetcher(transport);
  (void)fetcher.get("p", get("http://x/a"), {}, t0);
  const auto refused = std::get<FetchError>(fetcher.get("p", get("http://x/b"), {}, t0 + 5min));
  EXPECT_EQ(refused.kind, FetchFailure::kNotAllowed);
  EXPECT_EQ(refused.cause, "the provider asked to wait another 5 min");
  EXPECT_EQ(transport.sent.size(), 1u);
  (void)fetcher.get("other", get("http://y/"), {}, t0 + 5min);
  (void)fetcher.get("p", get("http://x/a"), {}, t0 + 10min);
  EXPECT_EQ(transport.sent.size(), 3u);
}

TEST(Fetcher, RetryAfterMayBeADate) {
  EXPECT_EQ(retry_after("120", t0), Duration(2min));
  EXPECT_EQ(retry_after("Tue, 24 Nov 2026 00:30:00 GMT", t0), Duration(30min));
  EXPECT_EQ(retry_after("Mon, 23 Nov 2026 00:30:00 GMT", t0), Duration(0));
  EXPECT_EQ(retry_after("99999999", t0), Duration(24h));
  EXPECT_FALSE(retry_after("soon", t0).has_value());
}

TEST(Fetcher, SendsAtMostTheHourlyNumberOfRequests) {
  PlayedTransport transport;
  transport.play = [](const net::HttpRequest&) { return respond(200, "x"); };
  Fetcher fetcher(transport);
  for (int i = 0; i < 100; ++i) (void)fetcher.get("p", get("http://x/"), {}, t0 + i * 1min);
  EXPECT_LE(transport.sent.size(), 2 * kRequestsPerHour);
}

TEST(Fetcher, ReasonsAreTakenFromTheUsualPlaces) {
  EXPECT_EQ(explain_status(401, R"({"error":"Invalid auth-token","message":"The token is invalid"})"),
            "HTTP 401 Unauthorized: The token is invalid");
  EXPECT_EQ(explain_status(403, R"({"error":{"code":"API_KEY_MISSING","message":"No api_key was supplied."}})"),
            "HTTP 403 Forbidden: No api_key was supplied.");
  EXPECT_EQ(explain_status(403, "<html>nginx</html>"), "HTTP 403 Forbidden with a page of HTML");
  EXPECT_EQ(explain_status(418, ""), "HTTP 418");
  EXPECT_EQ(explain_status(500, R"({"message":"two\nlines"})"), "HTTP 500 Internal Server Error: two lines");
}

TEST(Secrets, OnlyTheOwnerMayReadThem) {
  TempDir dir;
  const auto file = dir / "secrets.conf";
  write_file(file, "# tokens\neia = \"KEY\"  # of the project\n\nwatttime = \"user:pa=ss\"\n");
  for (const mode_t wide : {0644, 0640, 0604, 0660, 0700}) {
    chmod(file.c_str(), wide);
    const auto secrets = load_secrets(file);
    ASSERT_FALSE(secrets.ok());
    EXPECT_NE(secrets.error().message.find("accepted: 0600 or less"), std::string::npos) << secrets.error().message;
  }
  chmod(file.c_str(), 0600);
  const auto secrets = load_secrets(file);
  ASSERT_TRUE(secrets.ok()) << secrets.error().message;
  EXPECT_EQ(secrets->at("eia"), "KEY");
  EXPECT_EQ(secrets->at("watttime"), "user:pa=ss");
  EXPECT_TRUE(load_secrets(dir / "absent")->empty());
}

TEST(Secrets, ABadLineIsNumberedAndNotShown) {
  TempDir dir;
  const auto file = dir / "secrets.conf";
  for (const std::string bad : {"eia = KEY", "eia \"KEY\"", "eia = \"KEY", "eia = \"KEY\" x", "eia = \"a\"\neia = \"KEY\""}) {
    write_file(file, "# first\n" + bad + "\n");
    chmod(file.c_str(), 0600);
    const auto secrets = load_secrets(file);
    ASSERT_FALSE(secrets.ok()) << bad;
    EXPECT_EQ(secrets.error().message.find("KEY"), std::string::npos) << secrets.error().message;
    EXPECT_NE(secrets.error().message.find(file.string() + ":"), std::string::npos);
  }
}

TEST(Validation, RefusesImpossibleReadings) {
  EXPECT_EQ(validate(hours(0, 24, [](int) { return 0.0; }), t0).error().message,
            "all values are zero (2026-11-24T00:00:00Z to 2026-11-25T00:00:00Z)");
  EXPECT_NE(validate(hours(0, 30, [](int) { return 321.0; }), t0).error().message.find("is repeated"), std::string::npos);
  EXPECT_TRUE(validate(hours(0, 20, [](int) { return 321.0; }), t0).ok());
  EXPECT_FALSE(validate(hours(0, 24, [](int) { return -5.0; }), t0).ok());
  EXPECT_FALSE(validate({}, t0).ok());
}

TEST(Validation, DropsSingleValuesOutOfRangeAndZerosOfAnOutage) {
  auto reading = hours(0, 48, [](int h) { return h == 3 ? 1e9 : h == 4 ? -1.0 : h >= 10 ? 0.0 : 100.0 + h; });
  const auto valid = validate(reading, t0);
  ASSERT_TRUE(valid.ok());
  EXPECT_EQ(valid->points.size(), 8u);
  EXPECT_FALSE(valid->left_out.empty());
  // Direct emissions may be zero for some hours without an outage.
  auto windy = hours(0, 48, [](int h) { return h >= 10 && h < 20 ? 0.0 : 100.0 + h; });
  EXPECT_EQ(validate(windy, t0)->points.size(), 38u);
  windy.kind.emissions = Emissions::kDirect;
  EXPECT_EQ(validate(windy, t0)->points.size(), 48u);
}

TEST(Validation, NoFutureValueCountsAsMeasured) {
  Reading reading;
  for (int h = 0; h < 4; ++h) reading.points.push_back(hour(h, 100 + h, Origin::kActual));
  const auto valid = validate(reading, t0 + 2h);
  EXPECT_EQ(valid->points[1].origin, Origin::kActual);
  EXPECT_EQ(valid->points[3].origin, Origin::kForecast);
}

TEST(FuelFactors, EachHasASourceAndIsInOrder) {
  for (std::size_t i = 0; i < fuel_factors().size(); ++i) {
    const auto& row = fuel_factors()[i];
    EXPECT_EQ(static_cast<std::size_t>(row.fuel), i);
    EXPECT_FALSE(row.source.empty());
    EXPECT_GE(row.lifecycle, row.direct) << row.name;
  }
}

TEST(YearlyFactors, FollowTheCountryInTheNameOfTheZone) {
  EXPECT_EQ(yearly_factor("KR", "").country, "KR");
  EXPECT_EQ(yearly_factor("KOR", "").country, "KR");
  EXPECT_EQ(yearly_factor("US-CAL-CISO", "").country, "US");
  EXPECT_EQ(yearly_factor("DE_LU", "").country, "DE");
  EXPECT_EQ(yearly_factor("DK1", "").country, "DK");
  EXPECT_EQ(yearly_factor("CISO", "US").country, "US");  // not Ivory Coast
  EXPECT_EQ(yearly_factor("CISO", "").country, "");      // the world
  EXPECT_NEAR(yearly_factor("KR", "").grams_per_kwh, 414.3, 0.05);
  EXPECT_NEAR(yearly_factor("XX", "").grams_per_kwh, 473.0, 0.05);
}

struct Kinds : testing::Test {
  const SeriesKind direct{Signal::kAverage, Emissions::kDirect, Boundary::kConsumption};
  Reading first = hours(-2, 4, [](int h) { return 300.0 + h; });
  Reading second = hours(-2, 12, [](int h) { return 100.0 + h; });
  IntensitySeries past_first, past_second;
  const FeedStatus status_first{.provider = "one"}, status_second{.provider = "two"};
  Interval window{t0 - 2h, t0 + 12h};

  void remember() {
    std::vector<IntensityPoint> a, b;
    for (int h = -48; h < -2; ++h) {
      a.push_back(hour(h, 300, Origin::kActual));
      b.push_back(hour(h, 100, Origin::kActual));
    }
    past_first = IntensitySeries::make({}, a).value();
    past_second = IntensitySeries::make({}, b).value();
  }
  SiteSeries merged() {
    second.kind = direct;
    std::vector<FeedView> views(2);
    views[0] = {
        .status = &status_first, .reading = first.points.empty() ? nullptr : &first, .kind = first.kind, .past = &past_first};
    views[1] = {.status = &status_second, .reading = &second, .kind = second.kind, .past = &past_second};
    return merge_feeds(views, yearly_factor("KR", ""), "KR", t0, window);
  }
};

TEST_F(Kinds, AreNotMixedWithoutADayInCommon) {
  const auto got = merged();
  EXPECT_EQ(got.series.view().at(t0)->value(), 300);
  EXPECT_NEAR(got.series.view().at(t0 + 5h)->value(), 414.3, 0.05);  // the yearly factor, labelled so
  EXPECT_EQ(got.series.points().back().origin, Origin::kYearlyFactor);
  EXPECT_NE(got.feeds[1].note.find("not used: it is average direct consumption"), std::string::npos) << got.feeds[1].note;
}

TEST_F(Kinds, AreScaledToOneLevelWithANote) {
  remember();
  const auto got = merged();
  EXPECT_DOUBLE_EQ(got.series.view().at(t0 + 5h)->value(), 3 * 105.0);
  EXPECT_EQ(got.feeds[1].note.substr(0, 18), "multiplied by 3.00");
  EXPECT_EQ(got.series.meta().kind, SeriesKind{});
}

TEST_F(Kinds, TheOtherOneServesAloneIfTheFirstHasNoData) {
  first.points.clear();
  const auto got = merged();
  EXPECT_EQ(got.series.view().at(t0 + 5h)->value(), 105.0);
  EXPECT_EQ(got.series.meta().kind, direct);
  EXPECT_EQ(got.series.meta().provider, "two");
}

}  // namespace
}  // namespace carbon::grid_feeds

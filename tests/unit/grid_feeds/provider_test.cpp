// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/provider.h"

#include <set>

#include "tests/support/feed_kit.h"

namespace carbon::grid_feeds {
namespace {

std::string error_of(const std::string& provider, const Options& options) {
  const auto feed = make_feed(site_of("GB", {}), choice_of(provider, options));
  return feed ? "" : feed.error().message;
}

TEST(Provider, AnUnknownNameIsAnErrorThatListsThoseKnown) {
  const auto message = error_of("gb-nseo", {});
  EXPECT_NE(message.find("carbon.conf:7: provider 'gb-nseo' is not known; accepted: "), std::string::npos) << message;
  EXPECT_NE(message.find("gb-neso"), std::string::npos) << message;
}

TEST(Provider, AnUnknownOptionIsAnErrorThatListsThoseKnown) {
  EXPECT_EQ(error_of("static", {{"intensity", "1"}, {"colour", "green"}}),
            "carbon.conf:8: 'colour' is not an option of provider static; accepted: zone, intensity, emissions");
}

TEST(Provider, OptionsAreCheckedByType) {
  EXPECT_NE(error_of("gb-neso", {{"base_url", "api.example.org"}}).find("accepted: an address"), std::string::npos);
  EXPECT_NE(error_of("replay", {{"file", "x"}, {"origin", "noon"}}).find("accepted: a time"), std::string::npos);
  EXPECT_NE(error_of("static", {{"intensity", "1"}, {"emissions", "some"}}).find("accepted: lifecycle|direct"),
            std::string::npos);
}

TEST(Provider, TheFeedsZoneOverridesTheSites) {
  EXPECT_EQ(feed_of("gb-neso", "GB").zone, "GB");
  EXPECT_EQ(feed_of("gb-neso", "GB", {{"zone", "UK"}}).zone, "UK");
}

TEST(Provider, TheTableIsSound) {
  std::set<std::string_view> names;
  for (const auto* provider : providers()) {
    EXPECT_TRUE(names.insert(provider->name).second) << provider->name << " stands there twice";
    EXPECT_NE(provider->requests, nullptr) << provider->name;
    EXPECT_NE(provider->parse, nullptr) << provider->name;
    EXPECT_EQ(provider->login == nullptr, provider->session == nullptr) << provider->name;
  }
}

// Whatever comes as a body is answered with an error or with a reading, never with an exception.
TEST(Provider, NoParserThrows) {
  const Query query{utc("2026-11-24T03:10Z"), {utc("2026-11-24T00:00Z"), utc("2026-11-25T00:00Z")}, "session"};
  for (const auto* provider : providers()) {
    Feed feed;
    feed.provider = provider;
    feed.zone = "X";
    for (const auto& spec : provider->options) feed.options[std::string(spec.name)] = "2022-01-01";
    for (const std::string body :
         {"", "   ", "{}", "[]", "null", "3", "{\"data\":[]}", "{\"data\":{}}", "{\"data\":null}", "<html>",
          "<?xml version=\"1.0\"?><a/>", "\xff\xfe\x00", "{\"data\":[null,1,\"x\",{},[]]}", "datetime,X\n2022-01-01,1\n"}) {
      std::vector<Answer> answers;
      const auto requests = provider->requests(feed, query);  // whose parts the answers name
      for (const auto& request : requests) answers.push_back({request.part, body});
      EXPECT_NO_THROW((void)provider->parse(feed, query, answers)) << provider->name << ": " << body;
    }
    EXPECT_NO_THROW((void)provider->parse(feed, query, {})) << provider->name;
  }
}

}  // namespace
}  // namespace carbon::grid_feeds

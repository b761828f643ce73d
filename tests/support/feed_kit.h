// SPDX-License-Identifier: Apache-2.0
// Helpers for tests of providers and fallback chains: short ways to make a feed, and a transport controlled by the test.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "grid_feeds/parse/point_series.h"
#include "grid_feeds/provider.h"
#include "net/http.h"
#include "tests/support/temp_dir.h"

namespace carbon::grid_feeds {

inline Instant utc(std::string_view text) { return parse_utc(text).value(); }

using Options = std::map<std::string, std::string>;

inline FeedChoice choice_of(const std::string& provider, const Options& options = {}) {
  FeedChoice choice{provider, "carbon.conf:7", {}};
  for (const auto& [name, value] : options) choice.options[name] = {value, "carbon.conf:8"};
  return choice;
}

inline Site site_of(const std::string& zone, std::vector<FeedChoice> feeds) {
  Site site;
  site.name = "north";
  site.zone = zone;
  site.feeds = std::move(feeds);
  return site;
}

inline Feed feed_of(const std::string& provider, const std::string& zone, const Options& options = {}) {
  return make_feed(site_of(zone, {}), choice_of(provider, options)).value();
}

// Calls the provider's parse() with `bodies` by name of their part.
inline Result<Reading> parse(const Feed& feed, const Query& query, const std::map<std::string, std::string>& bodies) {
  std::vector<Answer> answers;
  for (const auto& [part, body] : bodies) answers.push_back({part, body});
  return feed.provider->parse(feed, query, answers);
}

// The value at `t`; -1 if there is none.
inline double value_at(const Reading& reading, Instant t) {
  for (const auto& point : reading.points) {
    if (point.when.start <= t && t < point.when.end) return point.value.value();
  }
  return -1;
}

// The points in order, without duplicates, as the fallback chain uses them.
inline std::vector<IntensityPoint> points_of(const Reading& reading) { return in_order(reading.points); }

// Records each request and answers with `play`.
class PlayedTransport final : public net::HttpTransport {
 public:
  using Play = std::function<Result<net::HttpResponse>(const net::HttpRequest&)>;
  Play play = [](const net::HttpRequest&) { return Result<net::HttpResponse>(Error{"no connection"}); };
  std::vector<net::HttpRequest> sent;

  Result<net::HttpResponse> send(const net::HttpRequest& request) override {
    sent.push_back(request);
    return play(request);
  }
};

inline net::HttpResponse respond(int status, std::string body, std::map<std::string, std::string, std::less<>> headers = {}) {
  return {status, std::move(headers), std::move(body)};
}

// Folder of recorded answers. CARBON_RECORDED skips a test, with a reason, if it is missing.
inline std::filesystem::path shared_folder() {
  const char* given = std::getenv("CARBON_SHARED");
  return given != nullptr ? std::filesystem::path(given) : std::filesystem::path(CARBON_SOURCE_DIR).parent_path() / "shared";
}

#define CARBON_RECORDED(variable, name)                                                                          \
  const auto variable##_file = carbon::grid_feeds::shared_folder() / "feeds/fixtures" / (name);                  \
  if (!std::filesystem::exists(variable##_file)) GTEST_SKIP() << "no recorded answer here: " << variable##_file; \
  const std::string variable = carbon::read_file(variable##_file)

}  // namespace carbon::grid_feeds

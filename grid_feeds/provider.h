// SPDX-License-Identifier: Apache-2.0
// Interface of a provider of grid data, as two pure functions: the requests for a query, and the parser of the answers. No clock,
// no I/O, no state: the fetcher sends the requests, the fallback chain chooses between providers. How to add one: docs/feeds.md.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/series.h"
#include "core/site.h"
#include "core/time.h"
#include "net/http.h"

namespace carbon::grid_feeds {

struct Provider;

enum class OptionType : std::uint8_t { kText, kNumber, kTime, kUrl, kFile, kChoice };

// An option of [[site.feed]] in carbon.conf.
struct OptionSpec {
  std::string_view name;
  OptionType type = OptionType::kText;
  bool required = false;
  std::string_view choices{};  // of kChoice: "lifecycle|direct"
};

// One entry of a site's fallback chain; make_feed() has checked its options.
struct Feed {
  const Provider* provider = nullptr;
  std::string site;
  std::string zone;  // the option "zone", else the site's
  std::map<std::string, std::string, std::less<>> options;
  std::string secret;  // from carbon-secrets.conf; never logged

  std::string_view option(std::string_view name, std::string_view otherwise = "") const;
  double number(std::string_view name, double otherwise) const;
  std::optional<Instant> time(std::string_view name) const;
  std::string url(std::string_view otherwise, std::string_view path) const;  // option base_url, or `otherwise`; then `path`
};

struct Query {
  Instant now;
  Interval window;      // wanted: some of the past, and the time ahead
  std::string session;  // token from login(); empty if the provider has no login
};

// A request to a provider, or a file to read: either `http` or `file` is set. `part` names its answer for parse().
struct Request {
  std::string part;
  net::HttpRequest http;
  std::filesystem::path file;
  Duration good_for = std::chrono::minutes(30);  // time until the provider has new data
};

Request http_request(std::string part, std::string url, Duration good_for,
                     std::vector<std::pair<std::string, std::string>> headers = {});
Request file_request(std::string part, std::filesystem::path file);

// The body of an HTTP response with status 200 to 299, or a file's content.
struct Answer {
  std::string_view part;
  std::string_view body;
};

// The parsed answers of a provider: points in any order (if several have the same start, the last one counts). A missing or null
// value is no point, so it leaves a gap.
struct Reading {
  SeriesKind kind;
  bool simulated = false;
  std::vector<IntensityPoint> points;
  std::vector<std::string> notes;  // remarks for people: estimated values, unknown fuels
  std::string left_out;            // set by validate(): values it dropped, and why; empty if none
};

struct Session {
  std::string token;
  Duration good_for{0};
};

struct Provider {
  std::string_view name;  // as in carbon.conf
  std::span<const OptionSpec> options;
  bool needs_secret = false;
  std::string_view country{};  // two letters, if it covers one country only: selects the yearly factor
  bool has_past = true;        // keep a history; false for constants and replays
  bool is_constant = false;    // a factor: not validated, no accuracy
  // The requests for this query; none for a constant.
  std::vector<Request> (*requests)(const Feed& feed, const Query& query) = nullptr;
  // `answers` contains the parts that came; failed ones are absent. An error if they do not make a reading.
  Result<Reading> (*parse)(const Feed& feed, const Query& query, std::span<const Answer> answers) = nullptr;
  // Only for providers that need a session token (WattTime).
  net::HttpRequest (*login)(const Feed& feed) = nullptr;
  Result<Session> (*session)(std::string_view body) = nullptr;
};

// `what`, and the reading's notes on why: "the answer contains no values: 3 times were left out ...".
Error no_values(std::string what, const Reading& reading);

// The body of `part`, if it came.
std::optional<std::string_view> answer_of(std::span<const Answer> answers, std::string_view part);

// All providers, in order of providers/table.inc.
std::span<const Provider* const> providers();

// Finds the provider and checks each option. An error says file and line, what was found and what is accepted.
Result<Feed> make_feed(const Site& site, const FeedChoice& choice);

}  // namespace carbon::grid_feeds

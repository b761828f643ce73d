// SPDX-License-Identifier: Apache-2.0
// A provider of grid data as a pure pair: what to ask for a query, and what the answers say. No clock, no I/O, no state: the
// fetcher talks to the world, the chain chooses between providers. How to add one: docs/feeds.md.
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

// One entry of a site's chain, its options checked against its provider's table.
struct Feed {
  const Provider* provider = nullptr;
  std::string site;
  std::string zone;  // the site's, unless the option "zone" says otherwise
  std::map<std::string, std::string, std::less<>> options;
  std::string secret;  // from carbon-secrets.conf; never logged

  std::string_view option(std::string_view name, std::string_view otherwise = "") const;
  double number(std::string_view name, double otherwise) const;              // checked to be a number by make_feed
  std::optional<Instant> time(std::string_view name) const;                  // checked to be a time by make_feed
  std::string url(std::string_view otherwise, std::string_view path) const;  // option base_url, or otherwise; then path
};

struct Query {
  Instant now;
  Interval window;      // wanted: some of the past and what lies ahead
  std::string session;  // the token that login() led to; empty where the provider has no login
};

// One question. `part` is how parse() finds its answer; either `http` or `file` is set.
struct Ask {
  std::string part;
  net::HttpRequest http;
  std::filesystem::path file;
  Duration good_for = std::chrono::minutes(30);  // how long the answer needs no renewal: the provider's own rhythm
};

Ask ask_url(std::string part, std::string url, Duration good_for, std::vector<std::pair<std::string, std::string>> headers = {});
Ask ask_file(std::string part, std::filesystem::path file);

// The body of an answer of HTTP status 200 to 299, or a file's content.
struct Answer {
  std::string_view part;
  std::string_view body;
};

// What a provider says at one moment: points in any order (of several with one start the last counts), gaps left as gaps. A value
// that was null is no point.
struct Reading {
  SeriesKind kind;
  bool simulated = false;
  std::vector<IntensityPoint> points;
  std::vector<std::string> notes;  // what a person should know of it: estimated values, unknown fuels
  std::string left_out;            // by the gates: which values and why; empty where none
};

struct Session {
  std::string token;
  Duration good_for{0};
};

struct Provider {
  std::string_view name;  // as carbon.conf writes it
  std::span<const OptionSpec> options;
  bool needs_secret = false;
  std::string_view country{};  // two letters, where it speaks of one country only: whose yearly factor is the last resort
  // Whether what it says is worth remembering: not what is constant for ever or played back.
  bool has_past = true;
  bool is_constant = false;  // a factor: no gates, no accuracy
  // Questions for this query; none where nothing is to be asked (a constant).
  std::vector<Ask> (*ask)(const Feed& feed, const Query& query) = nullptr;
  // `answers` holds those parts that came; the ones that failed are absent. An error where they make no reading.
  Result<Reading> (*parse)(const Feed& feed, const Query& query, std::span<const Answer> answers) = nullptr;
  // Where a session token comes first (WattTime).
  net::HttpRequest (*login)(const Feed& feed) = nullptr;
  Result<Session> (*session)(std::string_view body) = nullptr;
};

// The body of `part`, where it came.
std::optional<std::string_view> answer_of(std::span<const Answer> answers, std::string_view part);

// All providers, in order of providers/table.inc.
std::span<const Provider* const> providers();

// Finds the provider and checks each option; an error names file and line, what was found and what is accepted.
Result<Feed> make_feed(const Site& site, const FeedChoice& choice);

}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
// Fuzz targets: each provider's parser, with the input as one of its parts or as all of them, and validation of the result.
#include <algorithm>
#include <map>

#include "grid_feeds/provider.h"
#include "grid_feeds/validation.h"
#include "tests/fuzz/target.h"
#include "tests/support/played_bodies.h"

namespace carbon::fuzz {
namespace {
using namespace carbon::grid_feeds;
using namespace std::chrono_literals;

const Instant kNow = parse_utc("2026-11-24T03:10Z").value();
const Query kQuery{kNow, {kNow - 48h, kNow + 48h}, "session"};

std::string zone_of(const Provider& provider) {
  for (const auto& played : played_providers()) {
    if (played.name == provider.name) return played.zone;
  }
  return "KR";
}

Feed feed_of(const Provider& provider) {
  static const std::map<std::string_view, std::string> kOptions{
      {"region", "13"}, {"origin", "2026-11-24T00:00Z"}, {"scale", "60"}, {"intensity", "400"}, {"file", "/dev/null"}};
  Feed feed;
  feed.provider = &provider;
  feed.zone = zone_of(provider);
  feed.secret = "user:password";
  for (const auto& spec : provider.options) {
    if (const auto value = kOptions.find(spec.name); value != kOptions.end())
      feed.options[std::string(spec.name)] = value->second;
  }
  return feed;
}

void check(Result<Reading> reading) {
  if (!reading) {
    demand(!reading.error().message.empty(), "an error says why");
    return;
  }
  demand(!reading->points.empty(), "a reading has points");
  const auto valid = validate(std::move(reading).value(), kNow);
  if (!valid) return;
  demand(IntensitySeries::make({}, valid->points).ok(), "a valid reading makes a series");
  for (const auto& point : valid->points)
    demand(point.value.value() >= 0 && point.value.value() <= kHighestIntensity, "in range");
}

struct FeedRequests {
  Feed feed;
  std::vector<Request> requests;
};

const FeedRequests& requests_of(const Provider& provider) {
  static std::map<const Provider*, FeedRequests> known;
  auto [at, fresh] = known.try_emplace(&provider);
  if (fresh) {
    at->second.feed = feed_of(provider);
    at->second.requests = provider.requests(at->second.feed, kQuery);
  }
  return at->second;
}

constexpr char kSeparator = '\x1e';  // the record separator of ASCII

// The input as answers. With separators, each part answers one request. Without, the input answers one of the requests (the
// others failed) or all of them; its length decides which, so one input means one parse.
std::vector<Answer> answers_of(const std::vector<Request>& requests, std::string_view input) {
  std::vector<Answer> answers;
  if (requests.empty()) return answers;
  if (requests.size() == 1 || input.find(kSeparator) == std::string_view::npos) {
    const auto choice = input.size() % (requests.size() + 1);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (requests.size() == 1 || choice == i || choice == requests.size()) answers.push_back({requests[i].part, input});
    }
    return answers;
  }
  std::size_t at = 0;
  for (const auto& request : requests) {
    const auto cut = std::min(input.find(kSeparator, at), input.size());
    answers.push_back({request.part, input.substr(at, cut - at)});
    at = std::min(cut + 1, input.size());
  }
  return answers;
}

void parse_all(const Provider& provider, std::string_view input) {
  const auto& [feed, requests] = requests_of(provider);
  check(provider.parse(feed, kQuery, answers_of(requests, input)));
  if (provider.session != nullptr) (void)provider.session(input);
}

std::vector<std::string> seeds_of(const Provider& provider) {
  std::vector<std::string> seeds{"", "{}", "<html></html>", R"({"error":{"code":"403","message":"no"}})", R"({"error":"no"})"};
  if (provider.name == "csv" || provider.name == "replay") {
    seeds.push_back("datetime,KR,GB\n2026-11-24T00:00Z,400,100\n2026-11-24T01:00Z,,110\n2026-11-24T02:00Z,410.5,120\n");
    seeds.push_back(
        "\xef\xbb\xbf"
        "datetime,KR\r\n2026-11-23 00:00:00,1\r\n2026-11-24 00:00:00,2\r\n");
  }
  if (provider.name == "carbon-aware-sdk") {
    seeds.push_back(R"({"Emissions":[{"Location":"KR","Time":"2026-11-24T00:00:00","Rating":"65.5","Duration":"01:00:00"},
      {"Location":"X","Time":"2026-11-24","Rating":1},{"Time":"2026-11-24T01:00:00+00:00","Rating":70,"Duration":"8.00:00:00"}]})");
    seeds.push_back(
        R"({"GeneratedAt":"2026-11-24T00:00:00+00:00","Emissions":[{"Time":"2026-11-24T00:00:00+00:00","Rating":185.3,"Duration":"00:15:00"}]})");
  }
  if (provider.name == "watttime") {
    seeds.push_back(
        R"({"data":[{"generated_at":"2026-11-24T00:00:00+00:00","forecast":[{"point_time":"2026-11-24T00:00:00+00:00","value":870,"imputed_data_used":true}]}],
      "meta":{"region":"CAISO_NORTH","units":"lbs_co2_per_mwh","data_point_period_seconds":300}})");
  }
  if (provider.name == "energy-charts") {
    seeds.push_back(R"({"unix_seconds":[0,3600,7200,10800,14400],"co2eq":[10,20,10,20,null],"co2eq_forecast":[20,40,20,40,30]})");
  }
  if (provider.name == "entsoe") {
    seeds.push_back(
        "<Acknowledgement_MarketDocument><Reason><code>999</code><text>No matching data "
        "found</text></Reason></Acknowledgement_MarketDocument>");
  }
  if (provider.name == "kpx-openapi") {
    seeds.push_back(
        "<OpenAPI_ServiceResponse><cmmMsgHeader><returnAuthMsg>NO</returnAuthMsg><returnReasonCode>30</returnReasonCode></"
        "cmmMsgHeader>"
        "</OpenAPI_ServiceResponse>");
  }
  const auto feed = feed_of(provider);
  for (const auto played : {Played::kGood, Played::kNulls, Played::kOtherZone}) {
    std::string all;
    for (const auto& request : provider.requests(feed, kQuery)) {
      const auto& url = request.http.url;
      PlayedRequest played_request{std::string(provider.name), url,
                                   [&url](const std::string& name) {
                                     const auto found = url.find(name + "=");
                                     if (found == std::string::npos) return std::string();
                                     const auto from = found + name.size() + 1;
                                     return url.substr(from, url.find('&', from) - from);
                                   },
                                   kNow, 6};
      const auto body = played_body(played_request, played);
      if (body.empty()) continue;
      seeds.push_back(body);
      if (!all.empty()) all += kSeparator;
      all += body;
    }
    if (!all.empty()) seeds.push_back(all);
  }
  return seeds;
}

// "providers/gb_neso.cpp"
std::string source_of(const Provider& provider) {
  std::string source(provider.name);
  std::ranges::replace(source, '-', '_');
  return "providers/" + source + ".cpp";
}

}  // namespace

std::vector<Target> provider_targets() {
  std::vector<Target> out;
  for (const auto* provider : providers()) {
    out.push_back({std::string(provider->name), source_of(*provider),
                   [provider](std::string_view input) { parse_all(*provider, input); }, seeds_of(*provider)});
  }
  return out;
}

}  // namespace carbon::fuzz

// SPDX-License-Identifier: Apache-2.0
// "electricity-maps": https://portal.electricitymaps.com/docs. Flow-traced average of what is consumed, hourly, up to 72 h ahead.
// Needs a token, and its plan determines the data: a plan without forecasts still gives the past, from which our own forecast
// is made. For version 3 of the API add a second entry to the chain with api = "v3".
#include "grid_feeds/parse/json_fields.h"
#include "grid_feeds/parse/point_series.h"
#include "grid_feeds/parse/url_encoding.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr OptionSpec kOptions[] = {
    {"base_url", OptionType::kUrl},
    {"api", OptionType::kChoice, false, "v4|v3"},
    {"emissions", OptionType::kChoice, false, "lifecycle|direct"},
};
constexpr std::string_view kBase = "https://api.electricitymaps.com";

std::vector<Request> requests(const Feed& feed, const Query& query) {
  const std::string api(feed.option("api", "v4"));
  const auto emissions = feed.option("emissions", "lifecycle");
  const auto base = feed.url(kBase, "/" + api + "/carbon-intensity/");
  const auto good_for = until_next(query.now, 1h, 10min);
  // Without this, an unknown zone is answered with the zone of the caller's IP address.
  const auto [guard, guard_value] =
      api == "v3" ? std::pair("shouldUseFallbackCallerLookup", "false") : std::pair("disableCallerLookup", "true");
  const auto past = with_query(base + "history", {{"zone", feed.zone}, {"emissionFactorType", emissions}, {guard, guard_value}});
  auto ahead = with_query(base + "forecast", {{"zone", feed.zone}, {"emissionFactorType", emissions}, {guard, guard_value}});
  if (api != "v3") ahead += "&horizonHours=72";
  return {http_request("history", past, good_for, {{"auth-token", feed.secret}}),
          http_request("forecast", ahead, good_for, {{"auth-token", feed.secret}})};
}

Duration step_of(const Json& body) {
  const auto granularity = text(at(body, "temporalGranularity")).value_or("hourly");
  return granularity == "5_minutes" ? Duration(5min) : granularity == "15_minutes" ? Duration(15min) : Duration(1h);
}

Result<std::vector<IntensityPoint>> points_of(const Feed& feed, const Answer& answer, std::vector<std::string>& notes) {
  const auto body = parse_json(answer.body);
  if (!body) return body.error();
  if (const auto why = text(at(*body, "error"))) return Error{"the provider answered: " + *why};
  const auto zone = text(at(*body, "zone"));
  if (!zone || *zone != feed.zone) {
    return Error{"asked for zone " + feed.zone + ", but the answer is for " + zone.value_or("none")};
  }
  const auto step = step_of(*body);
  const bool forecast = answer.part == "forecast";
  std::vector<IntensityPoint> points;
  int estimated = 0;
  for (const auto& item : elements(at(*body, forecast ? "forecast" : "history"))) {
    const auto start = time(at(item, "datetime"));
    const auto value = number(at(item, "carbonIntensity"));
    if (!start || !value) continue;
    // An estimate that will be replaced by a measurement does not count as measured.
    const auto& flag = at(item, "isEstimated");
    const bool guess = flag.is_boolean() && flag.get<bool>();
    estimated += guess;
    points.push_back({{*start, *start + step}, GramsPerKwh(*value), forecast || guess ? Origin::kForecast : Origin::kActual});
  }
  if (estimated > 0) notes.push_back(std::to_string(estimated) + " past values are estimates of the provider");
  return points;
}

Result<Reading> parse(const Feed& feed, const Query&, std::span<const Answer> answers) {
  Reading reading;
  if (feed.option("emissions") == "direct") reading.kind.emissions = Emissions::kDirect;
  for (const auto part : {"forecast", "history"}) {  // for an hour in both, history wins
    const auto body = answer_of(answers, part);
    if (!body) continue;
    const auto points = points_of(feed, {part, *body}, reading.notes);
    if (!points) return points.error();
    reading.points.insert(reading.points.end(), points->begin(), points->end());
  }
  if (reading.points.empty()) return Error{"the answer contains no values"};
  return reading;
}

}  // namespace

extern const Provider provider_electricity_maps;
const Provider provider_electricity_maps{
    .name = "electricity-maps", .options = kOptions, .needs_secret = true, .requests = requests, .parse = parse};

}  // namespace carbon::grid_feeds

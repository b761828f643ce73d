// SPDX-License-Identifier: Apache-2.0
// "eia": United States, hourly generation by fuel of each balancing authority, https://www.eia.gov/opendata (version 2). Public
// domain. The key is part of the query. Many authorities report about a day late; no forecast.
#include <date/date.h>

#include <algorithm>

#include "grid_feeds/fuel_mix.h"
#include "grid_feeds/parse/json_fields.h"
#include "grid_feeds/parse/point_series.h"
#include "grid_feeds/parse/url_encoding.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr OptionSpec kOptions[] = {
    {"base_url", OptionType::kUrl},
    {"respondent", OptionType::kText},
    {"emissions", OptionType::kChoice, false, "lifecycle|direct"},
};
constexpr std::string_view kBase = "https://api.eia.gov";
constexpr Duration kShortestPast = 72h;
constexpr Duration kLongestPast = 24h * 10;  // some 15 fuels: stays below the 5000 rows of one answer

constexpr FuelCode kFuels[] = {
    {"COL", Fuel::kCoal},  {"NG", Fuel::kGas},      {"OIL", Fuel::kOil},        {"NUC", Fuel::kNuclear}, {"WAT", Fuel::kHydro},
    {"WND", Fuel::kWind},  {"SUN", Fuel::kSolar},   {"GEO", Fuel::kGeothermal}, {"BM", Fuel::kBiomass},  {"OTH", Fuel::kOther},
    {"UNK", Fuel::kOther}, {"BAT", Fuel::kStorage}, {"PS", Fuel::kStorage},     {"OES", Fuel::kStorage}, {"UES", Fuel::kStorage},
    {"SNB", Fuel::kSolar}, {"WNB", Fuel::kWind},    {"WIND", Fuel::kWind}};

std::string_view respondent_of(const Feed& feed) { return feed.option("respondent", feed.zone); }

std::vector<Request> requests(const Feed& feed, const Query& query) {
  const auto start = std::clamp(query.window.start, query.now - kLongestPast, query.now - kShortestPast);
  const auto hour = [](Instant t) { return date::format("%FT%H", std::chrono::floor<std::chrono::hours>(t)); };
  return {http_request(
      "mix",
      with_query(feed.url(kBase, "/v2/electricity/rto/fuel-type-data/data/"), {{"api_key", feed.secret},
                                                                               {"frequency", "hourly"},
                                                                               {"data[]", "value"},
                                                                               {"facets[respondent][]", respondent_of(feed)},
                                                                               {"start", hour(start)},
                                                                               {"end", hour(query.now)},
                                                                               {"sort[0][column]", "period"},
                                                                               {"sort[0][direction]", "desc"},
                                                                               {"offset", "0"},
                                                                               {"length", "5000"}}),
      until_next(query.now, 1h, 20min))};
}

Result<Reading> parse(const Feed& feed, const Query&, std::span<const Answer> answers) {
  const auto answer = answer_of(answers, "mix");
  if (!answer) return Error{"no answer"};
  const auto body = parse_json(*answer);
  if (!body) return body.error();
  if (const auto why = text(at(*body, "error"))) return Error{"the provider answered: " + *why};
  Reading reading;
  reading.kind = {Signal::kAverage, feed.option("emissions") == "direct" ? Emissions::kDirect : Emissions::kLifecycle,
                  Boundary::kProduction};
  FuelMix mix(kFuels, reading.kind.emissions);
  const auto& rows = elements(at(at(*body, "response"), "data"));
  for (const auto& row : rows) {
    const auto period = text(at(row, "period")), fuel = text(at(row, "fueltype"));
    const auto value = number_or_digits(at(row, "value"));
    if (const auto respondent = text(at(row, "respondent")); respondent && *respondent != respondent_of(feed)) {
      return Error{"asked for respondent " + std::string(respondent_of(feed)) + ", but the answer is for " + *respondent};
    }
    if (!period || !fuel || !value) continue;
    const auto end = parse_utc(*period + ":00");  // "2022-10-31T11": the hour that ends at 11:00 UTC
    if (end) mix.add(*fuel, {*end - 1h, *end}, *value);
  }
  reading.points = mix.points();
  reading.notes = mix.notes();
  if (reading.points.empty()) {
    return Error{rows.empty()
                     ? "the answer contains no rows: is '" + std::string(respondent_of(feed)) + "' a balancing authority?"
                     : no_values("the answer contains no values", reading).message};
  }
  return reading;
}

}  // namespace

extern const Provider provider_eia;
const Provider provider_eia{
    .name = "eia", .options = kOptions, .needs_secret = true, .country = "US", .requests = requests, .parse = parse};

}  // namespace carbon::grid_feeds

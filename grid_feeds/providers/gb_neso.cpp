// SPDX-License-Identifier: Apache-2.0
// "gb-neso": Great Britain, the Carbon Intensity API of the National Energy System Operator. No key, CC BY 4.0, half hours, 48 h
// ahead. https://carbon-intensity.github.io/api-definitions/
// Its factors count fuel burnt in power stations, including imports and losses: direct, consumption; not comparable with
// life-cycle feeds.
#include <date/date.h>

#include "grid_feeds/parse/json_fields.h"
#include "grid_feeds/parse/point_series.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr OptionSpec kOptions[] = {{"base_url", OptionType::kUrl}};
constexpr std::string_view kBase = "https://api.carbonintensity.org.uk";
constexpr Duration kLongestRange = std::chrono::days(14);

// One minute into the half hour: at the half hour itself the answer would include the period before. Also keeps the URL the same
// for 30 min, for conditional requests.
std::string minute_in(Instant t) { return date::format("%FT%H:%MZ", floor_to(t, 30min) + 1min); }

std::vector<Request> requests(const Feed& feed, const Query& query) {
  const auto good_for = until_next(query.now, 30min, 3min);
  const auto here = minute_in(query.now);
  std::vector<Request> all{http_request("ahead", feed.url(kBase, "/intensity/" + here + "/fw48h"), good_for)};
  if (query.window.start < query.now) {
    const auto from = minute_in(std::max(query.window.start, query.now - kLongestRange));
    all.push_back(http_request("past", feed.url(kBase, "/intensity/" + from + "/" + here), good_for));
  }
  return all;
}

void add_point(const Json& item, Instant now, std::vector<IntensityPoint>& points) {
  const auto from = time(at(item, "from")), to = time(at(item, "to"));
  const auto& intensity = at(item, "intensity");
  const auto actual = number(at(intensity, "actual")), forecast = number(at(intensity, "forecast"));
  if (!from || !to || (!actual && !forecast)) return;
  // The API has shown actual values of the current period, so a value counts as measured only after its period.
  const bool measured = actual.has_value() && *to <= now;
  if (!measured && !forecast) return;
  points.push_back({{*from, *to}, GramsPerKwh(measured ? *actual : *forecast), measured ? Origin::kActual : Origin::kForecast});
}

Result<Reading> parse(const Feed&, const Query& query, std::span<const Answer> answers) {
  Reading reading;
  reading.kind = {Signal::kAverage, Emissions::kDirect, Boundary::kConsumption};
  for (const auto& answer : answers) {
    const auto body = parse_json(answer.body);
    if (!body) return body.error();
    if (const auto why = text(at(at(*body, "error"), "message"))) return Error{"the provider answered: " + *why};
    for (const auto& item : elements(at(*body, "data"))) add_point(item, query.now, reading.points);
  }
  if (reading.points.empty()) return Error{"the answer contains no values"};
  return reading;
}

}  // namespace

extern const Provider provider_gb_neso;
const Provider provider_gb_neso{.name = "gb-neso", .options = kOptions, .country = "GB", .requests = requests, .parse = parse};

}  // namespace carbon::grid_feeds

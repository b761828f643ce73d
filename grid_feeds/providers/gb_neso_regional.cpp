// SPDX-License-Identifier: Apache-2.0
// "gb-neso-regional": one of the 17 regions of Great Britain's Carbon Intensity API (14 areas of network operators, England,
// Scotland, Wales). Forecasts only: no regional values are measured. https://carbon-intensity.github.io/api-definitions/
#include <date/date.h>

#include "grid_feeds/parse/json_fields.h"
#include "grid_feeds/parse/point_series.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr OptionSpec kOptions[] = {
    {"base_url", OptionType::kUrl},
    {"region", OptionType::kNumber, true},
};
constexpr std::string_view kBase = "https://api.carbonintensity.org.uk";

std::vector<Request> requests(const Feed& feed, const Query& query) {
  const auto here = date::format("%FT%H:%MZ", floor_to(query.now, 30min) + 1min);
  const auto path = "/regional/intensity/" + here + "/fw48h/regionid/" + std::string(feed.option("region"));
  return {http_request("ahead", feed.url(kBase, path), until_next(query.now, 30min, 3min))};
}

// In recorded answers `data` is the region itself, in the documentation a list with one region.
const Json& region_of(const Json& body) {
  const auto& data = at(body, "data");
  return data.is_array() && !data.empty() ? data.front() : data;
}

Result<Reading> parse(const Feed& feed, const Query&, std::span<const Answer> answers) {
  const auto answer = answer_of(answers, "ahead");
  if (!answer) return Error{"no answer"};
  const auto body = parse_json(*answer);
  if (!body) return body.error();
  if (const auto why = text(at(at(*body, "error"), "message"))) return Error{"the provider answered: " + *why};
  const auto& region = region_of(*body);
  const double asked = feed.number("region", 0);
  if (const auto id = number(at(region, "regionid")); id && *id != asked) {
    return Error{"asked for region " + std::string(feed.option("region")) + ", but the answer is for " +
                 at(region, "regionid").dump()};
  }
  Reading reading;
  reading.kind = {Signal::kAverage, Emissions::kDirect, Boundary::kConsumption};
  for (const auto& item : elements(at(region, "data"))) {
    const auto from = time(at(item, "from")), to = time(at(item, "to"));
    const auto forecast = number(at(at(item, "intensity"), "forecast"));
    if (from && to && forecast) reading.points.push_back({{*from, *to}, GramsPerKwh(*forecast), Origin::kForecast});
  }
  if (reading.points.empty()) return Error{"the answer contains no values"};
  return reading;
}

}  // namespace

extern const Provider provider_gb_neso_regional;
const Provider provider_gb_neso_regional{
    .name = "gb-neso-regional", .options = kOptions, .country = "GB", .requests = requests, .parse = parse};

}  // namespace carbon::grid_feeds

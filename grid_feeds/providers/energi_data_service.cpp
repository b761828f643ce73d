// SPDX-License-Identifier: Apache-2.0
// "energi-data-service": Denmark, Energinet, https://www.energidataservice.dk. No key. Every 5 minutes, areas DK1 and DK2;
// measured (CO2Emis) and forecast to the end of tomorrow (CO2EmisProg). Without limit and order it answers with 100 rows from
// the wrong end.
#include "grid_feeds/parse/json_fields.h"
#include "grid_feeds/parse/point_series.h"
#include "grid_feeds/parse/url_encoding.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr OptionSpec kOptions[] = {{"base_url", OptionType::kUrl}};
constexpr std::string_view kBase = "https://api.energidataservice.dk";

// "DK1", also for "DK-DK1" and "DK_1", as other providers write it.
std::string area_of(const Feed& feed) { return feed.zone.ends_with('1') ? "DK1" : feed.zone.ends_with('2') ? "DK2" : feed.zone; }

std::string dataset(const Feed& feed, std::string_view name, const std::string& start) {
  return with_query(
      feed.url(kBase, "/dataset/" + std::string(name)),
      {{"start", start}, {"filter", R"({"PriceArea":[")" + area_of(feed) + "\"]}"}, {"sort", "Minutes5UTC asc"}, {"limit", "0"}});
}

std::vector<Request> requests(const Feed& feed, const Query& query) {
  const auto days = std::clamp<long>((query.now - query.window.start) / 24h + 1, 1, 31);
  const auto good_for = until_next(query.now, 30min, 2min);
  return {http_request("measured", dataset(feed, "CO2Emis", "now-P" + std::to_string(days) + "D"), good_for),
          http_request("forecast", dataset(feed, "CO2EmisProg", "now"), good_for)};
}

Status add_points(const Feed& feed, const Answer& answer, Reading& reading) {
  const auto body = parse_json(answer.body);
  if (!body) return body.error();
  for (const auto& record : elements(at(*body, "records"))) {
    const auto start = time(at(record, "Minutes5UTC"));  // UTC, although written without Z
    const auto value = number(at(record, "CO2Emission"));
    if (!start || !value) continue;
    if (const auto area = text(at(record, "PriceArea")); area != area_of(feed)) {
      return Error{"asked for " + area_of(feed) + ", but the answer is for " + area.value_or("none")};
    }
    const auto origin = answer.part == "forecast" ? Origin::kForecast : Origin::kActual;
    reading.points.push_back({{*start, *start + 5min}, GramsPerKwh(*value), origin});
  }
  return Done{};
}

Result<Reading> parse(const Feed& feed, const Query&, std::span<const Answer> answers) {
  Reading reading;
  reading.kind = {Signal::kAverage, Emissions::kDirect, Boundary::kConsumption};
  for (const auto part : {"forecast", "measured"}) {  // for a time in both, the measured value wins
    const auto body = answer_of(answers, part);
    if (!body) continue;
    if (const auto added = add_points(feed, {part, *body}, reading); !added) return added.error();
  }
  if (reading.points.empty()) return Error{"the answer contains no values"};
  return reading;
}

}  // namespace

extern const Provider provider_energi_data_service;
const Provider provider_energi_data_service{
    .name = "energi-data-service", .options = kOptions, .country = "DK", .requests = requests, .parse = parse};

}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
// "rte-eco2mix": France, RTE via the ODRE portal, dataset eco2mix-national-tr. No key. Quarter hours, direct emissions of power
// stations, no forecast; future rows are null. The portal has moved twice, hence the option base_url.
#include <algorithm>

#include "grid_feeds/parse/json_fields.h"
#include "grid_feeds/parse/point_series.h"
#include "grid_feeds/parse/url_encoding.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr OptionSpec kOptions[] = {{"base_url", OptionType::kUrl}};
constexpr std::string_view kBase = "https://odre.opendatasoft.com";
constexpr std::string_view kRecords = "/api/explore/v2.1/catalog/datasets/eco2mix-national-tr/records";

std::vector<Request> requests(const Feed& feed, const Query& query) {
  return {http_request("records",
                       with_query(feed.url(kBase, kRecords), {{"select", "date_heure,taux_co2"},
                                                              {"where", "taux_co2 is not null"},
                                                              {"order_by", "date_heure desc"},
                                                              {"limit", "100"}}),
                       until_next(query.now, 15min, 5min) + 15min)};
}

// Version 2 has a list of results; version 1 had a list of records with the fields nested inside.
const Json& fields_of(const Json& row) {
  const auto& fields = at(row, "fields");
  return fields.is_object() ? fields : row;
}

Result<Reading> parse(const Feed&, const Query&, std::span<const Answer> answers) {
  const auto answer = answer_of(answers, "records");
  if (!answer) return Error{"no answer"};
  const auto body = parse_json(*answer);
  if (!body) return body.error();
  if (const auto why = text(at(*body, "message"))) return Error{"the provider answered: " + *why};
  Reading reading;
  reading.kind = {Signal::kAverage, Emissions::kDirect, Boundary::kProduction};
  const auto& rows = at(*body, "results").is_array() ? at(*body, "results") : elements(at(*body, "records"));
  for (const auto& row : rows) {
    const auto start = time(at(fields_of(row), "date_heure"));
    const auto value = number(at(fields_of(row), "taux_co2"));
    if (start && value) reading.points.push_back({{*start, *start + 15min}, GramsPerKwh(*value), Origin::kActual});
  }
  if (reading.points.empty()) return Error{"the answer contains no values"};
  return reading;
}

}  // namespace

extern const Provider provider_rte_eco2mix;
const Provider provider_rte_eco2mix{
    .name = "rte-eco2mix", .options = kOptions, .country = "FR", .requests = requests, .parse = parse};

}  // namespace carbon::grid_feeds

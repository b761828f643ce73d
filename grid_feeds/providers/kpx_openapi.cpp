// SPDX-License-Identifier: Apache-2.0
// "kpx-openapi": Korea, the same mix as "kpx" from the open API (sumperfuel5m of openapi.kpx.or.kr), with a service key. It gives
// only the current 5 minutes; the feed's history collects the past. Errors come with HTTP 200 and a result code.
#include <algorithm>

#include "grid_feeds/fuel_mix.h"
#include "grid_feeds/parse/point_series.h"
#include "grid_feeds/parse/url_encoding.h"
#include "grid_feeds/parse/xml_document.h"
#include "grid_feeds/provider.h"
#include "net/query.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr OptionSpec kOptions[] = {
    {"base_url", OptionType::kUrl},
    {"emissions", OptionType::kChoice, false, "lifecycle|direct"},
};
constexpr std::string_view kBase = "https://openapi.kpx.or.kr";
constexpr Duration kKoreanTime = 9h;
// A value counts until the next request; the rate limit does not allow one every 5 minutes.
constexpr Duration kInterval = 15min;

// These are the numbers of sumperfuel5m; in the data set of generation by source (data.go.kr 15113384) 8 and 9 differ.
constexpr FuelCode kFuels[] = {{"fuelPwr1", Fuel::kHydro},   {"fuelPwr2", Fuel::kOil},     {"fuelPwr3", Fuel::kCoal},
                               {"fuelPwr4", Fuel::kNuclear}, {"fuelPwr5", Fuel::kStorage}, {"fuelPwr6", Fuel::kGas},
                               {"fuelPwr7", Fuel::kCoal},    {"fuelPwr8", Fuel::kSolar},   {"fuelPwr9", Fuel::kWind},
                               {"fuelPwr10", Fuel::kBiomass}};

// One answer has no past that its outputs could be held against.
constexpr std::string_view kAlways[] = {"fuelPwr3", "fuelPwr4", "fuelPwr6"};  // coal, nuclear, gas

std::vector<Request> requests(const Feed& feed, const Query& query) {
  // Users receive the key both encoded and decoded; a key that contains '%' is already encoded.
  const auto key = feed.secret.find('%') == std::string::npos ? net::percent_encoded(feed.secret) : feed.secret;
  return {http_request("snapshot", feed.url(kBase, "/openapi/sumperfuel5m/getSumperfuel5m?ServiceKey=" + key),
                       until_next(query.now, kInterval, 1min))};
}

// "20260425120500", Korean time.
std::optional<Instant> moment(std::string_view digits) {
  if (digits.size() != 14 || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const auto part = [digits](std::size_t at, std::size_t n) { return std::string(digits.substr(at, n)); };
  const auto local =
      parse_utc(part(0, 4) + "-" + part(4, 2) + "-" + part(6, 2) + "T" + part(8, 2) + ":" + part(10, 2) + ":" + part(12, 2));
  if (!local) return std::nullopt;
  return *local - kKoreanTime;
}

Result<Reading> parse(const Feed& feed, const Query&, std::span<const Answer> answers) {
  const auto answer = answer_of(answers, "snapshot");
  if (!answer) return Error{"no answer"};
  pugi::xml_document document;
  if (const auto parsed = parse_xml(*answer, document); !parsed) return parsed.error();
  const auto root = document.document_element();
  // <response><header> of the service itself, <cmmMsgHeader> of the gateway in front of it.
  const auto header = root.child("header") ? root.child("header") : root.child("cmmMsgHeader");
  const std::string code = header.child("resultCode") ? header.child_value("resultCode") : header.child_value("returnReasonCode");
  if (code != "00") {
    const std::string why = header.child("resultMsg") ? header.child_value("resultMsg") : header.child_value("returnAuthMsg");
    return Error{"the provider answered: code " + (code.empty() ? "none" : code) + " " + why};
  }
  Reading reading;
  reading.kind = {Signal::kAverage, feed.option("emissions") == "direct" ? Emissions::kDirect : Emissions::kLifecycle,
                  Boundary::kProduction};
  FuelMix mix(kFuels, reading.kind.emissions, {kAlways, kMostOfAFuelInKorea});
  for (const auto& item : (root.child("body") ? root.child("body") : root).child("items").children("item")) {
    const auto start = moment(item.child_value("baseDatetime"));
    if (!start) continue;
    for (const auto& [fuel_code, fuel] : kFuels) {
      if (const auto megawatts = number(item.child(fuel_code.data())))
        mix.add(fuel_code, {*start, *start + kInterval}, *megawatts);
    }
  }
  reading.points = mix.points();
  reading.notes = mix.notes();
  if (reading.points.empty()) return no_values("the answer contains no values", reading);
  return reading;
}

}  // namespace

extern const Provider provider_kpx_openapi;
const Provider provider_kpx_openapi{
    .name = "kpx-openapi", .options = kOptions, .needs_secret = true, .country = "KR", .requests = requests, .parse = parse};

}  // namespace carbon::grid_feeds

// SPDX-License-Identifier: Apache-2.0
// "watttime": https://docs.watttime.org, version 3. Marginal (co2_moer) or average (co2_aoer) emissions of power plants in pounds
// per MWh, every 5 minutes, 72 h ahead. The secret is "user:password"; login returns a token for 30 minutes.
#include <algorithm>

#include "grid_feeds/parse/json_fields.h"
#include "grid_feeds/parse/point_series.h"
#include "grid_feeds/parse/url_encoding.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr OptionSpec kOptions[] = {
    {"base_url", OptionType::kUrl},
    {"signal", OptionType::kChoice, false, "co2_moer|co2_aoer"},
};
constexpr std::string_view kBase = "https://api.watttime.org";
constexpr double kGramsPerKwhOfPoundsPerMwh = 0.45359237;  // the pound of 1959, exactly
constexpr Duration kLongestPast = std::chrono::days(30);

net::HttpRequest login(const Feed& feed) {
  net::HttpRequest request;
  request.url = feed.url(kBase, "/login");
  request.headers = {{"Authorization", "Basic " + base64(feed.secret)}};
  return request;
}

Result<Session> session(std::string_view body) {
  const auto parsed = parse_json(body);
  if (!parsed) return parsed.error();
  const auto token = text(at(*parsed, "token"));
  if (!token || token->empty()) return Error{"the answer contains no token"};
  return Session{*token, 28min};
}

std::vector<Request> requests(const Feed& feed, const Query& query) {
  const auto signal = feed.option("signal", "co2_moer");
  const auto good_for = until_next(query.now, 30min, 2min);
  const std::vector<std::pair<std::string, std::string>> headers{{"Authorization", "Bearer " + query.session}};
  const auto from = format_utc(floor_to(std::max(query.window.start, query.now - kLongestPast), 5min));
  return {
      http_request(
          "forecast",
          with_query(feed.url(kBase, "/v3/forecast"), {{"region", feed.zone}, {"signal_type", signal}, {"horizon_hours", "72"}}),
          good_for, headers),
      http_request(
          "history",
          with_query(
              feed.url(kBase, "/v3/historical"),
              {{"region", feed.zone}, {"signal_type", signal}, {"start", from}, {"end", format_utc(floor_to(query.now, 5min))}}),
          good_for, headers)};
}

// The rows of the newest forecast: `data` itself, or data[i].forecast with its time of issue in data[i].generated_at.
const Json& rows_of(const Json& body) {
  const Json* newest = &at(body, "data");
  std::string issued;
  for (const auto& item : elements(at(body, "data"))) {
    const auto at_time = text(at(item, "generated_at"));
    if (!at_time || *at_time < issued) continue;
    issued = *at_time;
    newest = &at(item, "forecast");
  }
  return elements(*newest);
}

Status add_points(const Feed& feed, const Answer& answer, Reading& reading) {
  const auto body = parse_json(answer.body);
  if (!body) return body.error();
  if (const auto why = text(at(*body, "error"))) return Error{"the provider answered: " + *why};
  const auto& meta = at(*body, "meta");
  const auto units = text(at(meta, "units")), region = text(at(meta, "region"));
  if (units != "lbs_co2_per_mwh") return Error{"unit '" + units.value_or("none") + "'; accepted: lbs_co2_per_mwh"};
  if (region != feed.zone) return Error{"asked for region " + feed.zone + ", but the answer is for " + region.value_or("none")};
  const Duration step(
      static_cast<long>(std::clamp(number(at(meta, "data_point_period_seconds")).value_or(300), 1.0, 86400.0) * 1000));
  int imputed = 0;
  for (const auto& row : rows_of(*body)) {
    const auto start = time(at(row, "point_time"));
    const auto value = number(at(row, "value"));
    if (!start || !value) continue;
    imputed += at(row, "imputed_data_used") == Json(true);
    reading.points.push_back({{*start, *start + step},
                              GramsPerKwh(*value * kGramsPerKwhOfPoundsPerMwh),
                              answer.part == "forecast" ? Origin::kForecast : Origin::kActual});
  }
  if (imputed > 0) reading.notes.push_back(std::to_string(imputed) + " past values were filled in by the provider");
  return Done{};
}

Result<Reading> parse(const Feed& feed, const Query&, std::span<const Answer> answers) {
  Reading reading;
  reading.kind = {feed.option("signal") == "co2_aoer" ? Signal::kAverage : Signal::kMarginal, Emissions::kDirect,
                  Boundary::kConsumption};
  for (const auto part : {"forecast", "history"}) {  // for a time in both, history wins
    const auto body = answer_of(answers, part);
    if (!body) continue;
    if (const auto added = add_points(feed, {part, *body}, reading); !added) return added.error();
  }
  if (reading.points.empty()) return Error{"the answer contains no values"};
  return reading;
}

}  // namespace

extern const Provider provider_watttime;
const Provider provider_watttime{.name = "watttime",
                                 .options = kOptions,
                                 .needs_secret = true,
                                 .requests = requests,
                                 .parse = parse,
                                 .login = login,
                                 .session = session};

}  // namespace carbon::grid_feeds

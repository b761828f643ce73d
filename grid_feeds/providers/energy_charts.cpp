// SPDX-License-Identifier: Apache-2.0
// "energy-charts": Fraunhofer ISE, https://api.energy-charts.info, version 1 (/co2eq). No key, CC BY 4.0. Quarter hours or hours
// by country, to the end of tomorrow. Parallel arrays; the measured values end where the forecast begins, in some countries
// later.
#include <algorithm>
#include <cctype>

#include "grid_feeds/parse/json_fields.h"
#include "grid_feeds/parse/point_series.h"
#include "grid_feeds/parse/url_encoding.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr OptionSpec kOptions[] = {{"base_url", OptionType::kUrl}};
constexpr std::string_view kBase = "https://api.energy-charts.info";
// For hours in both arrays, the two have differed by a factor of two: they use different bases.
constexpr double kSameBasis = 1.25;
constexpr std::size_t kEnoughOverlap = 4;

std::string country_of(const Feed& feed) {
  std::string country = feed.zone.substr(0, 2);
  for (char& c : country) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return country;
}

std::vector<Request> requests(const Feed& feed, const Query& query) {
  const auto from = format_utc(floor_to(query.window.start, 1h)), to = format_utc(floor_to(query.now, 24h) + 72h);
  return {http_request("co2eq",
                       with_query(feed.url(kBase, "/co2eq"), {{"country", country_of(feed)}, {"start", from}, {"end", to}}),
                       until_next(query.now, 15min, 5min) + 15min)};
}

struct Row {
  Instant start;
  std::optional<double> measured, forecast;
};

Result<std::vector<Row>> rows_of(const Json& body) {
  const auto& times = elements(at(body, "unix_seconds"));
  const auto& measured = elements(at(body, "co2eq"));
  const auto& forecast = elements(at(body, "co2eq_forecast"));
  if (times.size() != measured.size() || times.size() != forecast.size()) {
    return Error{"unix_seconds, co2eq and co2eq_forecast differ in length: " + std::to_string(times.size()) + ", " +
                 std::to_string(measured.size()) + ", " + std::to_string(forecast.size())};
  }
  std::vector<Row> rows;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto seconds = number(times[i]);
    if (!seconds || *seconds < 0 || *seconds > 4e9) return Error{"unix_seconds[" + std::to_string(i) + "] is not a time"};
    rows.push_back({from_unix_ms(static_cast<std::int64_t>(*seconds) * 1000), number(measured[i]), number(forecast[i])});
    if (i > 0 && rows[i].start <= rows[i - 1].start) return Error{"unix_seconds[" + std::to_string(i) + "] goes back in time"};
  }
  return rows;
}

// Factor from the basis of the forecast to that of the measured values, their median, since one value may be wild; none if
// unknown.
std::optional<double> measured_per_forecast(const std::vector<Row>& rows) {
  std::vector<double> ratios;
  for (const auto& row : rows) {
    if (row.measured && row.forecast && *row.forecast > 0) ratios.push_back(*row.measured / *row.forecast);
  }
  if (ratios.size() < kEnoughOverlap) return std::nullopt;
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  return *middle > 0 ? std::optional(*middle) : std::nullopt;
}

Result<Reading> parse(const Feed&, const Query&, std::span<const Answer> answers) {
  const auto answer = answer_of(answers, "co2eq");
  if (!answer) return Error{"no answer"};
  const auto body = parse_json(*answer);
  if (!body) return body.error();
  const auto rows = rows_of(*body);
  if (!rows) return rows.error();
  Reading reading;
  reading.kind = {Signal::kAverage, Emissions::kLifecycle, Boundary::kProduction};
  double scale = measured_per_forecast(*rows).value_or(1.0);
  if (scale < kSameBasis && scale > 1 / kSameBasis) scale = 1.0;
  if (scale != 1.0) {
    reading.notes.push_back("its forecast and its measured values have different bases; the forecast was multiplied by " +
                            std::to_string(scale));
  }
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const auto& row = (*rows)[i];
    const Duration step = i + 1 < rows->size() ? (*rows)[i + 1].start - row.start
                          : i > 0              ? row.start - (*rows)[i - 1].start
                                               : Duration(1h);
    const Interval when{row.start, row.start + std::min<Duration>(step, 1h)};
    if (row.measured) {
      reading.points.push_back({when, GramsPerKwh(*row.measured), Origin::kActual});
    } else if (row.forecast) {
      reading.points.push_back({when, GramsPerKwh(*row.forecast * scale), Origin::kForecast});
    }
  }
  if (reading.points.empty()) return Error{"the answer contains no values"};
  return reading;
}

}  // namespace

extern const Provider provider_energy_charts;
const Provider provider_energy_charts{.name = "energy-charts", .options = kOptions, .requests = requests, .parse = parse};

}  // namespace carbon::grid_feeds

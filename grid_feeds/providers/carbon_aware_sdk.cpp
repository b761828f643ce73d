// SPDX-License-Identifier: Apache-2.0
// "carbon-aware-sdk": the JSON files of the Green Software Foundation's Carbon Aware SDK: {"Emissions":[{"Location","Time",
// "Rating","Duration"}]}, and its forecasts, {"GeneratedAt","Emissions":[...]}. Ratings are in g/kWh, as numbers or strings.
#include <algorithm>

#include "core/strings.h"
#include "grid_feeds/parse/json_fields.h"
#include "grid_feeds/parse/point_series.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr OptionSpec kOptions[] = {
    {"file", OptionType::kFile, true},
    {"emissions", OptionType::kChoice, false, "lifecycle|direct"},
};
constexpr Duration kLongestStep = 24h;

std::vector<Request> requests(const Feed& feed, const Query&) { return {file_request("file", feed.option("file"))}; }

// A .NET TimeSpan: [d.]hh:mm:ss.
std::optional<Duration> time_span(std::string_view text) {
  long days = 0;
  if (const auto dot = text.find('.'); dot != std::string_view::npos) {
    const auto given = parse_number<long>(text.substr(0, dot));
    if (!given || *given < 0 || *given > 366) return std::nullopt;
    days = *given;
    text.remove_prefix(dot + 1);
  }
  const auto clock = parse_slurm_duration(text);
  if (!clock || text.size() != 8 || *clock + days * Duration(24h) <= Duration::zero()) return std::nullopt;
  return *clock + days * Duration(24h);
}

struct Item {
  Instant start;
  std::optional<Duration> length;
  double value;
};

std::vector<Item> items_of(const Json& body, const std::string& zone) {
  std::vector<Item> items;
  for (const auto& item : elements(at(body, "Emissions"))) {
    const auto location = text(at(item, "Location"));
    if (location && *location != zone) continue;
    const auto start = time(at(item, "Time"));
    const auto value = number_or_digits(at(item, "Rating"));
    if (start && value) items.push_back({*start, time_span(text(at(item, "Duration")).value_or("")), *value});
  }
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.start < b.start; });
  return items;
}

Result<Reading> parse(const Feed& feed, const Query& query, std::span<const Answer> answers) {
  auto body = answer_of(answers, "file");
  if (!body) return Error{"the file was not read"};
  if (body->starts_with("\xef\xbb\xbf")) body->remove_prefix(3);
  const auto parsed = parse_json(*body);
  if (!parsed) return parsed.error();
  Reading reading;
  if (feed.option("emissions") == "direct") reading.kind.emissions = Emissions::kDirect;
  const auto items = items_of(*parsed, feed.zone);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto to_next = i + 1 < items.size() ? items[i + 1].start - items[i].start : Duration(1h);
    const Interval when{items[i].start, items[i].start + items[i].length.value_or(std::min(to_next, kLongestStep))};
    const auto origin = when.end <= query.now && at(*parsed, "GeneratedAt").is_null() ? Origin::kActual : Origin::kForecast;
    reading.points.push_back({when, GramsPerKwh(items[i].value), origin});
  }
  if (reading.points.empty()) return Error{"the file contains no value for location " + feed.zone};
  return reading;
}

}  // namespace

extern const Provider provider_carbon_aware_sdk;
const Provider provider_carbon_aware_sdk{.name = "carbon-aware-sdk", .options = kOptions, .requests = requests, .parse = parse};

}  // namespace carbon::grid_feeds

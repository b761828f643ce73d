// SPDX-License-Identifier: Apache-2.0
#include "grid_feeds/validation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "grid_feeds/parse/point_series.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;
using Points = std::vector<IntensityPoint>;

constexpr Duration kFlatLine = 24h;
// Direct emissions can be zero for some hours; life-cycle emissions never are.
constexpr Duration kZerosDirect = 24h;
constexpr Duration kZerosLifecycle = 3h;

bool possible(const IntensityPoint& point) {
  const double value = point.value.value();
  return std::isfinite(value) && value >= 0.0 && value <= kHighestIntensity;
}

std::string span_text(const IntensityPoint& first, const IntensityPoint& last) {
  return format_utc(first.when.start) + " to " + format_utc(last.when.end);
}

void drop_impossible(Points& points, std::string& left_out) {
  const auto first = std::find_if_not(points.begin(), points.end(), possible);
  if (first == points.end()) return;
  const auto count = std::count_if(points.begin(), points.end(), [](const auto& p) { return !possible(p); });
  left_out = std::to_string(count) + " values out of range were left out, the first " + std::to_string(first->value.value()) +
             " at " + format_utc(first->when.start) + "; accepted: 0 to 2500 g/kWh";
  std::erase_if(points, [](const auto& p) { return !possible(p); });
}

// Outages at a provider have shown up as zeros from some hour on, so a long run of exact zeros is not a measurement.
void drop_zero_runs(Points& points, Duration longest, std::string& left_out) {
  Points kept;
  for (std::size_t i = 0; i < points.size();) {
    std::size_t end = i;
    while (end < points.size() && points[end].value.value() == 0.0) ++end;
    if (end > i && points[end - 1].when.end - points[i].when.start >= longest) {
      left_out += (left_out.empty() ? "" : "; ");
      left_out += "zeros from " + span_text(points[i], points[end - 1]) + " were left out";
      i = end;
      continue;
    }
    kept.push_back(points[i++]);
  }
  points = std::move(kept);
}

// The value that a day or more, and nearly all of the answer, consists of. A few others do not make it a measurement.
std::optional<double> flat_value(const Points& points) {
  if (points.size() < 12) return std::nullopt;
  std::map<double, Duration> time;
  Duration all{0};
  for (const auto& point : points) {
    time[point.value.value()] += point.when.length();
    all += point.when.length();
  }
  for (const auto& [value, length] : time) {
    if (length >= kFlatLine && length >= all * 19 / 20) return value;
  }
  return std::nullopt;
}

}  // namespace

Result<Reading> validate(Reading reading, Instant now) {
  reading.points = in_order(std::move(reading.points));
  auto& points = reading.points;
  if (points.empty()) return Error{"the answer contains no values"};
  if (std::all_of(points.begin(), points.end(), [](const auto& p) { return p.value.value() == 0.0; })) {
    return Error{"all values are zero (" + span_text(points.front(), points.back()) + ")"};
  }
  drop_impossible(points, reading.left_out);
  drop_zero_runs(points, reading.kind.emissions == Emissions::kDirect ? kZerosDirect : kZerosLifecycle, reading.left_out);
  if (points.empty()) return Error{"no value is left: " + reading.left_out};
  if (const auto value = flat_value(points)) {
    return Error{"one value, " + std::to_string(*value) + " g/kWh, is repeated from " + span_text(points.front(), points.back())};
  }
  // A value of the future cannot be measured.
  for (auto& point : points) {
    if (point.origin == Origin::kActual && point.when.start > now) point.origin = Origin::kForecast;
  }
  return reading;
}

}  // namespace carbon::grid_feeds

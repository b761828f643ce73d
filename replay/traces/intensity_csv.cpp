// SPDX-License-Identifier: Apache-2.0
#include "replay/traces/intensity_csv.h"

#include <algorithm>

#include "core/strings.h"
#include "replay/traces/line_reader.h"

namespace carbon::replay {
namespace {

Result<std::vector<std::size_t>> columns_of(const LineReader& lines, const std::vector<std::string_view>& names,
                                            const std::vector<std::string>& zones) {
  if (names.empty() || names.front() != "datetime")
    return lines.error("the first column is '" + std::string(names.empty() ? "" : names.front()) +
                       "'; accepted is datetime, then a column per zone");
  std::vector<std::size_t> columns;
  for (const auto& zone : zones) {
    const auto at = std::find(names.begin() + 1, names.end(), zone);
    if (at == names.end()) {
      return lines.error("there is no zone '" + zone + "'; the file has " + joined(std::span(names).subspan(1)));
    }
    columns.push_back(static_cast<std::size_t>(at - names.begin()));
  }
  return columns;
}

}  // namespace

Result<std::vector<IntensitySeries>> read_intensity(const std::string& path, const std::vector<std::string>& zones) {
  auto lines = LineReader::open(path);
  if (!lines) return lines.error();
  std::string line;
  if (!lines->next(line)) return Error{path + ": is empty or not readable"};
  std::vector<std::string_view> fields;
  split(line, ',', fields);
  const std::size_t width = fields.size();
  const auto columns = columns_of(*lines, fields, zones);
  if (!columns) return columns.error();

  std::vector<std::vector<IntensityPoint>> points(zones.size());
  std::vector<std::size_t> open(zones.size(), 0);  // 1 where the last row gave a value
  std::vector<Instant> rows;
  while (lines->next(line)) {
    if (trim(line).empty()) continue;
    split(line, ',', fields);
    if (fields.size() != width)
      return lines->error("has " + std::to_string(fields.size()) + " fields, the header " + std::to_string(width));
    const auto at = parse_utc(fields.front());
    if (!at) return lines->error("datetime: " + at.error().message);
    if (!rows.empty() && *at <= rows.back())
      return lines->error("datetime: " + std::string(fields.front()) + " is not after the row before it");
    rows.push_back(*at);
    for (std::size_t z = 0; z < zones.size(); ++z) {
      if (open[z]) points[z].back().when.end = *at;
      const auto field = fields[(*columns)[z]];
      open[z] = !field.empty();
      if (field.empty()) continue;
      const auto value = parse_number(field);
      if (!value || *value < 0) return lines->error(zones[z] + ": '" + std::string(field) + "' is not an intensity in gCO2e/kWh");
      points[z].push_back({{*at, *at}, GramsPerKwh(*value), Origin::kActual});
    }
  }
  if (rows.size() < 2) return Error{path + ": needs two rows at least"};
  const Duration step = rows.back() - rows[rows.size() - 2];
  std::vector<IntensitySeries> series;
  for (std::size_t z = 0; z < zones.size(); ++z) {
    if (open[z]) points[z].back().when.end = rows.back() + step;
    if (points[z].empty()) return Error{path + ": zone '" + zones[z] + "' has no value"};
    auto made = IntensitySeries::make({.zone = zones[z], .provider = path, .kind = {}, .issued = {}}, std::move(points[z]));
    if (!made) return made.error();
    series.push_back(std::move(*made));
  }
  return series;
}

IntensitySeries wrapped(const IntensitySeries& series, Instant from, Instant until) {
  const Instant start = series.view().start();
  const Duration period = series.view().end() - start;
  // The repetition that contains `from`; division rounds towards zero, so step back where `from` lies before the series.
  Duration shift = (from - start) / period * period;
  if (start + shift > from) shift -= period;
  std::vector<IntensityPoint> points;
  for (; start + shift < until; shift += period) {
    for (const auto& p : series.points()) {
      const Interval when{p.when.start + shift, p.when.end + shift};
      if (when.end > from && when.start < until) points.push_back({when, p.value, p.origin});
    }
  }
  return std::move(IntensitySeries::make(series.meta(), std::move(points)).value());  // a shifted good series is good
}

}  // namespace carbon::replay

// SPDX-License-Identifier: Apache-2.0
#include "replay/traces/intensity_csv.h"

#include <algorithm>

#include "core/strings.h"
#include "replay/traces/line_reader.h"

namespace carbon::replay {
namespace {

const std::string kTime = "datetime";

Result<std::size_t> column_of(const CsvReader& csv, const std::string& name) {
  const auto found = csv.column(name);
  if (!found) return found.error();
  if (*found) return **found;
  if (name == kTime)
    return csv.error("there is no column 'datetime', but " + csv.columns() + "; accepted: datetime and a column per zone");
  std::vector<std::string> zones = csv.header();
  std::erase(zones, kTime);
  return csv.error("there is no zone '" + name + "'; the file has " + joined(zones));
}

}  // namespace

Result<std::vector<IntensitySeries>> read_intensity(const std::string& path, const std::vector<std::string>& zones) {
  auto lines = LineReader::open(path);
  if (!lines) return lines.error();
  auto csv = lines->csv();
  if (const auto read = csv.read_header(); !read) return read.error();
  const auto time = column_of(csv, kTime);
  if (!time) return time.error();
  std::vector<std::size_t> columns;
  for (const auto& zone : zones) {
    const auto column = column_of(csv, zone);
    if (!column) return column.error();
    columns.push_back(*column);
  }

  std::vector<std::vector<IntensityPoint>> points(zones.size());
  std::vector<std::size_t> open(zones.size(), 0);  // 1 where the last row gave a value
  std::vector<Instant> rows;
  std::vector<std::string> fields;
  for (;;) {
    const auto found = csv.next(fields);
    if (!found) return found.error();
    if (!*found) break;
    const auto at = parse_utc(fields[*time]);
    if (!at) return csv.error("datetime: " + at.error().message);
    if (!rows.empty() && *at <= rows.back())
      return csv.error("datetime: " + fields[*time] +
                       " is not after the row before it; accepted: UTC, or local time with its offset");
    rows.push_back(*at);
    for (std::size_t z = 0; z < zones.size(); ++z) {
      if (open[z]) points[z].back().when.end = *at;
      const auto& field = fields[columns[z]];
      open[z] = !field.empty();
      if (field.empty()) continue;
      const auto value = parse_number(field);
      if (!value || *value < 0) return csv.error(zones[z] + ": '" + field + "' is not an intensity in gCO2e/kWh");
      points[z].push_back({{*at, *at}, GramsPerKwh(*value), Origin::kActual});
    }
  }
  if (lines->broken()) return lines->error("the file breaks off here: its compressed data is damaged");
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

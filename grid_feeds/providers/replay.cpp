// SPDX-License-Identifier: Apache-2.0
// "replay": plays back a recorded year, for tests and the demo. The series is marked as simulated. Wall time `origin` corresponds
// to time `start` of the file; from there, `scale` seconds of the file pass per second. The file repeats at its end. Past values
// count as measured, future values as a (perfect) forecast.
#include <algorithm>
#include <cmath>

#include "grid_feeds/parse/csv_rows.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {
namespace {

constexpr OptionSpec kOptions[] = {
    {"file", OptionType::kFile, true},
    {"origin", OptionType::kTime, true},
    {"start", OptionType::kTime},
    {"scale", OptionType::kNumber},
    {"emissions", OptionType::kChoice, false, "lifecycle|direct"},
};
constexpr double kHighestScale = 1e6;
constexpr std::size_t kMaxPoints = 500'000;

std::vector<Request> requests(const Feed& feed, const Query&) { return {file_request("file", feed.option("file"))}; }

// The file, repeated without end.
struct Ring {
  std::vector<CsvRow> rows;
  Duration period{0};  // from the first row to the end of the last

  Instant end_of(std::size_t row) const { return row + 1 < rows.size() ? rows[row + 1].start : rows.front().start + period; }
};

Result<Ring> make_ring(std::vector<CsvRow> rows) {
  if (rows.size() < 2) return Error{"contains fewer than two rows"};
  const Duration last_step = rows.back().start - rows[rows.size() - 2].start;
  const Duration period = rows.back().start + last_step - rows.front().start;
  return Ring{std::move(rows), period};
}

// Wall time for a time in the file, given relative to the time that corresponds to `origin`.
Instant wall(Instant origin, Duration file_offset, double scale) {
  return origin + Duration(std::llround(static_cast<double>(file_offset.count()) / scale));
}

Result<std::vector<IntensityPoint>> play(const Ring& ring, const Query& query, Instant origin, Instant start, double scale) {
  const auto first = ring.rows.front().start;
  const auto wanted =
      Duration(std::llround(static_cast<double>((query.window.start - origin).count()) * scale)) + (start - first);
  auto lap = wanted / ring.period - (wanted % ring.period < Duration::zero() ? 1 : 0);
  const Instant in_file = first + (wanted - lap * ring.period);
  const auto after =
      std::upper_bound(ring.rows.begin(), ring.rows.end(), in_file, [](Instant t, const CsvRow& row) { return t < row.start; });
  auto row = static_cast<std::size_t>(after - ring.rows.begin()) - 1;
  std::vector<IntensityPoint> points;
  for (;;) {
    const auto offset = lap * ring.period - (start - first);
    const Interval when{wall(origin, offset + (ring.rows[row].start - first), scale),
                        wall(origin, offset + (ring.end_of(row) - first), scale)};
    if (when.start >= query.window.end) return points;
    if (when.length() <= Duration::zero()) return Error{"option scale is so large that a row lasts less than 1 ms"};
    if (points.size() == kMaxPoints) return Error{"the window would contain more than " + std::to_string(kMaxPoints) + " rows"};
    if (const auto value = ring.rows[row].value) {
      points.push_back({when, GramsPerKwh(*value), when.end <= query.now ? Origin::kActual : Origin::kForecast});
    }
    if (++row == ring.rows.size()) {
      row = 0;
      ++lap;
    }
  }
}

Result<Reading> parse(const Feed& feed, const Query& query, std::span<const Answer> answers) {
  const auto body = answer_of(answers, "file");
  if (!body) return Error{"the file was not read"};
  const double scale = feed.number("scale", 1.0);
  if (scale <= 0 || scale > kHighestScale) {
    return Error{"option scale is " + std::string(feed.option("scale")) + "; accepted: more than 0, at most 1000000"};
  }
  auto rows = read_csv(*body, "datetime", feed.zone);
  if (!rows) return rows.error();
  const auto ring = make_ring(std::move(rows).value());
  if (!ring) return ring.error();
  auto points = play(*ring, query, *feed.time("origin"), feed.time("start").value_or(ring->rows.front().start), scale);
  if (!points) return points.error();
  if (points->empty()) return Error{"column '" + feed.zone + "' contains no value in this window"};
  Reading reading;
  if (feed.option("emissions") == "direct") reading.kind.emissions = Emissions::kDirect;
  reading.simulated = true;
  reading.points = std::move(points).value();
  return reading;
}

}  // namespace

extern const Provider provider_replay;
const Provider provider_replay{.name = "replay", .options = kOptions, .has_past = false, .requests = requests, .parse = parse};

}  // namespace carbon::grid_feeds

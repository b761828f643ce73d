// SPDX-License-Identifier: Apache-2.0
// "csv": a file that another program keeps up to date: a header line, a column of times (UTC unless they have an offset), a
// column of g/kWh. Past rows count as measured, future rows as forecast; the last row lasts as long as the one before it.
#include <algorithm>

#include "grid_feeds/parse/csv_rows.h"
#include "grid_feeds/provider.h"

namespace carbon::grid_feeds {
namespace {
using namespace std::chrono_literals;

constexpr OptionSpec kOptions[] = {
    {"file", OptionType::kFile, true},
    {"time_column", OptionType::kText},
    {"value_column", OptionType::kText},
    {"emissions", OptionType::kChoice, false, "lifecycle|direct"},
};
constexpr Duration kLongestStep = 24h;  // a longer time to the next row leaves a gap

std::vector<Request> requests(const Feed& feed, const Query&) { return {file_request("file", feed.option("file"))}; }

Result<Reading> parse(const Feed& feed, const Query& query, std::span<const Answer> answers) {
  const auto body = answer_of(answers, "file");
  if (!body) return Error{"the file was not read"};
  const auto rows = read_csv(*body, feed.option("time_column", "datetime"), feed.option("value_column", feed.zone));
  if (!rows) return rows.error();
  Reading reading;
  if (feed.option("emissions") == "direct") reading.kind.emissions = Emissions::kDirect;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const auto& row = (*rows)[i];
    const Duration step = i + 1 < rows->size() ? (*rows)[i + 1].start - row.start
                          : i > 0              ? row.start - (*rows)[i - 1].start
                                               : Duration(1h);
    const Interval when{row.start, row.start + std::min(step, kLongestStep)};
    if (!row.value || when.end <= query.window.start || when.start >= query.window.end) continue;
    reading.points.push_back({when, GramsPerKwh(*row.value), when.end <= query.now ? Origin::kActual : Origin::kForecast});
  }
  if (reading.points.empty()) return Error{"the file contains no value from " + format_utc(query.window.start) + " on"};
  return reading;
}

}  // namespace

extern const Provider provider_csv;
const Provider provider_csv{.name = "csv", .options = kOptions, .requests = requests, .parse = parse};

}  // namespace carbon::grid_feeds

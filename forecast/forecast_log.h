// SPDX-License-Identifier: Apache-2.0
// Log of forecasts as issued: each valid answer of a feed, with the time at which it became known. It explains past decisions,
// gives the errors of each provider's forecasts, and after a restart the past for our own forecast.
//
// One text file per feed, append-only; a line is a run of values at one step, with a checksum. Format: docs/feeds.md. It is not
// in the ledger's database, which it would only make larger: no job's account depends on it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/series.h"

namespace carbon::forecast {

// Values of one origin and kind that became known together.
struct Issue {
  Instant known_at;
  SeriesKind kind;
  std::vector<IntensityPoint> points;  // ascending, all of one origin
};

class ForecastLog {
 public:
  virtual ~ForecastLog() = default;
  virtual Status append(const std::string& feed, const Issue& issue) = 0;
  // All entries of `feed`, oldest first; incomplete or damaged lines are skipped.
  virtual Result<std::vector<Issue>> read(const std::string& feed) const = 0;
  // Deletes forecasts that became known before `forecasts_before`, and everything before `all_before`.
  virtual Status forget(const std::string& feed, Instant forecasts_before, Instant all_before) = 0;
};

// Keeps the log in memory only: for tests and for a controller without a state directory.
std::unique_ptr<ForecastLog> make_memory_log();
// DIRECTORY/<feed>.log; creates the directory if needed. `feed` consists of letters, digits, '.', '_' and '-'.
std::unique_ptr<ForecastLog> make_file_log(std::filesystem::path directory);

// One line of the file, without the line break. All points must have the same step and no gaps between them.
std::string format_run(const Issue& issue);
Result<Issue> parse_run(std::string_view line);

}  // namespace carbon::forecast

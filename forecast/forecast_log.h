// SPDX-License-Identifier: Apache-2.0
// Who said what, and when: each answer of a feed as it was taken, with the time at which it became known. Past decisions can be
// explained from it, providers judged by their errors, and the own forecast finds its past in it after a restart.
//
// One text file per feed, appended to; a line is a run of values at one step, with a checksum. docs/feeds.md has the format.
// It is not in the ledger's database, because it must not grow that, and losing it costs no job its bill.
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
  // What is kept of `feed`, oldest first; lines that are torn or damaged are passed over.
  virtual Result<std::vector<Issue>> read(const std::string& feed) const = 0;
  // Forgets forecasts that became known before the one time, and everything before the other.
  virtual Status forget(const std::string& feed, Instant forecasts_before, Instant all_before) = 0;
};

// Keeps nothing: for tests and for a controller without state directory.
std::unique_ptr<ForecastLog> make_memory_log();
// DIRECTORY/<feed>.log; the directory is made where it is not there. `feed` holds letters, digits, '.', '_' and '-' only.
std::unique_ptr<ForecastLog> make_file_log(std::filesystem::path directory);

// One line of the file, without the line break; the points must stand at one step (a last shorter one excepted, none).
std::string format_run(const Issue& issue);
Result<Issue> parse_run(std::string_view line);

}  // namespace carbon::forecast

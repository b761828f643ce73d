// SPDX-License-Identifier: Apache-2.0
// A job trace: what arrived when and how long it ran, from a CSV file, the Standard Workload Format, or a `sacct -P` dump.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace carbon::replay {

inline constexpr std::size_t kNoHome = std::numeric_limits<std::size_t>::max();

struct Job {
  std::uint64_t id = 0;  // as the trace names it, or its rank by arrival, length and width
  Instant arrival;
  Duration runtime{0};         // as it ran
  Duration limit{0};           // the time that its user asked for; 0: not known
  std::uint32_t width = 1;     // cpus or gpus
  std::uint32_t user = 0;      // index into Trace::users
  std::size_t home = kNoHome;  // index into the sites; kNoHome: not given
  double data_gb = 0;          // moves with the job
};

struct Trace {
  std::vector<Job> jobs;           // by arrival, then id
  std::vector<std::string> users;  // "" stands for all jobs of a trace without users
  std::size_t skipped = 0;         // rows that never ran or used nothing (no GPU, where others have)
  std::size_t unfinished = 0;      // rows of jobs that still run or wait
  std::size_t repeated = 0;        // rows of a run that came before
  bool ends_are_known = true;      // false: the trace does not tell which jobs have ended
  bool absolute = false;           // arrivals are the trace's own UTC times; else they count from the Unix epoch

  std::uint32_t user_index(const std::string& name);
  // Sorts, and moves all arrivals: the origin (the first arrival of an absolute trace) becomes `from`.
  void start_at(Instant from);
  void sort();
  // Ids for a trace without: by what the jobs are, so that a run does not depend on the order of the rows.
  void number_by_content();

 private:
  std::unordered_map<std::string, std::uint32_t> user_index_;
};

enum class JobUnit : std::uint8_t { kSeconds, kHours };

struct TraceOptions {
  JobUnit unit = JobUnit::kSeconds;     // of arrival_time, length and limit in a CSV file
  std::vector<std::string> site_names;  // accepted in a CSV file's `home`
};

// By the first line: SWF (a ';' comment, or numbers), `sacct -P` (a header with '|'), CSV (a header with ','). Errors name file
// and line, what was found and what is accepted.
Result<Trace> read_trace(const std::string& path, const TraceOptions& options);

}  // namespace carbon::replay

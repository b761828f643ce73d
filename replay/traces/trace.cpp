// SPDX-License-Identifier: Apache-2.0
#include "replay/traces/trace.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "replay/traces/trace_formats.h"

namespace carbon::replay {

std::uint32_t Trace::user_index(const std::string& name) {
  const auto [it, is_new] = user_index_.try_emplace(name, static_cast<std::uint32_t>(users.size()));
  if (is_new) users.push_back(name);
  return it->second;
}

void Trace::sort() {
  std::sort(jobs.begin(), jobs.end(),
            [](const Job& a, const Job& b) { return std::tie(a.arrival, a.id) < std::tie(b.arrival, b.id); });
}

void Trace::start_at(Instant from) {
  sort();
  if (jobs.empty()) return;
  const Duration shift = absolute ? from - jobs.front().arrival : from.time_since_epoch();
  for (auto& job : jobs) job.arrival += shift;
}

Result<Duration> to_duration(double value, double ms_per_unit) {
  const double ms = std::round(value * ms_per_unit);
  if (!(ms >= 0 && ms < 3.2e13)) return Error{"a time of " + std::to_string(value) + " is negative or beyond a thousand years"};
  return Duration(static_cast<std::int64_t>(ms));
}

Result<Trace> read_trace(const std::string& path, const TraceOptions& options) {
  auto lines = LineReader::open(path);
  if (!lines) return lines.error();
  std::string line;
  if (!lines->next(line)) return Error{path + ": is empty or not readable; accepted are CSV, SWF and the output of sacct -P"};
  std::vector<std::string_view> fields;
  const bool is_sacct = line.find('|') != std::string::npos;
  const bool is_swf = !is_sacct && line.find(',') == std::string::npos;
  auto trace = is_sacct ? read_sacct_jobs(*lines, std::move(line))
               : is_swf ? read_swf_jobs(*lines, std::move(line))
                        : read_csv_jobs(*lines, std::move(line), options);
  if (!trace) return trace;
  if (lines->broken()) return lines->error("the file breaks off here: its compressed data is damaged");
  if (trace->jobs.empty()) return Error{path + ": holds no job that ran"};
  trace->sort();
  return trace;
}

}  // namespace carbon::replay

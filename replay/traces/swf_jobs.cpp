// SPDX-License-Identifier: Apache-2.0
// Standard Workload Format 2.2 (Feitelson, Parallel Workloads Archive): 18 numbers a line, ';' comments, -1 for what is not
// known.
#include <array>
#include <sstream>

#include "replay/traces/trace_formats.h"

namespace carbon::replay {
namespace {

constexpr std::size_t kFields = 18;
enum Field : std::size_t {
  kId = 0,
  kSubmit = 1,
  kRunTime = 3,
  kProcessors = 4,
  kRequestedProcessors = 7,
  kRequestedTime = 8,
  kUser = 11
};

Result<std::array<double, kFields>> read_fields(const LineReader& lines, std::string_view line) {
  std::array<double, kFields> fields{};
  std::size_t count = 0;
  for (std::size_t at = 0; at < line.size();) {
    const auto from = line.find_first_not_of(" \t", at);
    if (from == std::string_view::npos) break;
    at = std::min(line.find_first_of(" \t", from), line.size());
    const auto value = parse_number(line.substr(from, at - from));
    if (!value)
      return lines.error("field " + std::to_string(count + 1) + ": " + value.error().message + "; SWF has 18 numbers a line");
    if (count < kFields) fields[count] = *value;
    ++count;
  }
  if (count != kFields) return lines.error("has " + std::to_string(count) + " fields; SWF has 18 numbers a line");
  return fields;
}

}  // namespace

Result<Trace> read_swf_jobs(LineReader& lines) {
  Trace trace;
  std::string line;
  while (lines.next(line)) {
    const auto text = trim(line);
    if (text.empty() || text.front() == ';') continue;
    const auto row = read_fields(lines, text);
    if (!row) return row.error();
    const auto& f = *row;
    const double width = f[kProcessors] > 0 ? f[kProcessors] : f[kRequestedProcessors];
    if (f[kRunTime] <= 0 || width <= 0 || f[kSubmit] < 0) {  // never ran
      ++trace.skipped;
      continue;
    }
    const auto submit = to_duration(f[kSubmit], 1e3), runtime = to_duration(f[kRunTime], 1e3);
    const auto limit = to_duration(std::max(f[kRequestedTime], 0.0), 1e3);
    if (!submit || !runtime || !limit || width > 1e6 || f[kId] < 0) return lines.error("a time, width or id is out of range");
    trace.jobs.push_back({.id = static_cast<std::uint64_t>(f[kId]),
                          .arrival = Instant(*submit),
                          .runtime = *runtime,
                          .limit = *limit,
                          .width = static_cast<std::uint32_t>(width),
                          .user = trace.user_index(std::to_string(static_cast<long>(f[kUser])))});
  }
  return trace;
}

}  // namespace carbon::replay

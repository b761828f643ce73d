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
  std::sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) {
    return std::tie(a.arrival, a.id, a.runtime, a.width) < std::tie(b.arrival, b.id, b.runtime, b.width);
  });
}

void Trace::number_by_content() {
  const auto key = [this](const Job& job) {
    return std::tie(job.arrival, job.runtime, job.width, job.limit, users[job.user], job.home, job.data_gb);
  };
  std::sort(jobs.begin(), jobs.end(), [&key](const Job& a, const Job& b) { return key(a) < key(b); });
  for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i].id = i;
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

namespace {

using Reader = Result<Trace> (*)(LineReader&, const TraceOptions&);

bool is_numbers(std::string_view line) {
  return std::all_of(line.begin(), line.end(),
                     [](char c) { return std::string_view("0123456789-+. \teE").find(c) != std::string_view::npos; });
}

// By a file's first line that is not blank; null if it is none of the formats.
Reader reader_of(std::string_view line) {
  if (line.front() == ';' || is_numbers(line)) return [](LineReader& l, const TraceOptions&) { return read_swf_jobs(l); };
  const bool quoted = line.front() == '"';  // sacct -P knows no quotes
  if (!quoted && line.find('|') != std::string_view::npos)
    return [](LineReader& l, const TraceOptions&) { return read_sacct_jobs(l); };
  if (line.find(',') != std::string_view::npos) return read_csv_jobs;
  return nullptr;
}

constexpr std::string_view kFormats =
    "accepted: CSV with a header, SWF (18 numbers a line, ';' comments) and the output of sacct -P with its header";

}  // namespace

Result<Trace> read_trace(const std::string& path, const TraceOptions& options) {
  auto lines = LineReader::open(path);
  if (!lines) return lines.error();
  std::string line;
  do {
    if (!lines->next(line)) return Error{path + ": is empty or not readable; accepted are CSV, SWF and the output of sacct -P"};
  } while (trim(line).empty());
  const auto reader = reader_of(trim(line));
  if (reader == nullptr) return lines->error("'" + line.substr(0, 80) + "' begins no known format; " + std::string(kFormats));
  lines->unread(std::move(line));
  auto trace = reader(*lines, options);
  if (!trace) return trace;
  if (lines->broken()) return lines->error("the file breaks off here: its compressed data is damaged");
  if (trace->jobs.empty()) {
    return Error{path + ": holds no job that ran" +
                 (trace->unfinished > 0 ? ", and " + std::to_string(trace->unfinished) + " that have not ended" : "")};
  }
  trace->sort();
  return trace;
}

}  // namespace carbon::replay

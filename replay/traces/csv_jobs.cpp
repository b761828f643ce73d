// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>

#include "replay/traces/trace_formats.h"

namespace carbon::replay {
namespace {

constexpr std::string_view kHeader = "accepted are arrival_time,length,cpus (or gpus), and optionally id,limit,user,home,data_gb";

// The index of each column.
struct Columns {
  static constexpr std::size_t kAbsent = std::string_view::npos;
  std::size_t arrival = kAbsent, runtime = kAbsent, width = kAbsent, id = kAbsent, limit = kAbsent, user = kAbsent,
              home = kAbsent, data = kAbsent;
  std::size_t count = 0;
};

Result<Columns> read_header(const LineReader& lines, std::string_view line) {
  std::vector<std::string_view> names;
  split(line, ',', names);
  Columns c;
  c.count = names.size();
  const std::pair<std::string_view, std::size_t*> known[] = {
      {"arrival_time", &c.arrival}, {"length", &c.runtime}, {"cpus", &c.width}, {"gpus", &c.width},  {"id", &c.id},
      {"limit", &c.limit},          {"user", &c.user},      {"home", &c.home},  {"data_gb", &c.data}};
  for (const auto& [name, column] : known) {
    const auto at = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
    if (at == names.size()) continue;
    if (*column != Columns::kAbsent) return lines.error("the header names both cpus and gpus; " + std::string(kHeader));
    *column = at;
  }
  if (c.arrival == Columns::kAbsent || c.runtime == Columns::kAbsent || c.width == Columns::kAbsent)
    return lines.error("the header lacks arrival_time, length or cpus|gpus; " + std::string(kHeader));
  return c;
}

class RowReader {
 public:
  RowReader(const LineReader& lines, const Columns& columns, const TraceOptions& options, Trace& trace)
      : lines_(lines), columns_(columns), options_(options), trace_(trace), ms_(options.unit == JobUnit::kHours ? 3.6e6 : 1e3) {}

  Status read(const std::vector<std::string_view>& row) {
    if (row.size() != columns_.count)
      return lines_.error("has " + std::to_string(row.size()) + " fields, the header " + std::to_string(columns_.count));
    Job job;
    Duration arrival{0};
    if (auto s = time(row, columns_.arrival, "arrival_time", arrival); !s) return s;
    job.arrival = Instant(arrival);
    if (auto s = time(row, columns_.runtime, "length", job.runtime); !s) return s;
    if (auto s = time(row, columns_.limit, "limit", job.limit); !s) return s;
    const auto width = parse_count(row[columns_.width]);
    if (!width || *width == 0 || *width > 1'000'000)
      return lines_.error("cpus|gpus: '" + std::string(row[columns_.width]) + "' is not 1 to 1000000");
    job.width = static_cast<std::uint32_t>(*width);
    if (columns_.id != Columns::kAbsent) {
      const auto id = parse_count(row[columns_.id]);
      if (!id) return lines_.error("id: " + id.error().message);
      job.id = *id;
    }
    job.user = trace_.user_index(columns_.user == Columns::kAbsent ? std::string() : std::string(row[columns_.user]));
    if (columns_.data != Columns::kAbsent) {
      const auto data = parse_number(row[columns_.data]);
      if (!data || *data < 0)
        return lines_.error("data_gb: '" + std::string(row[columns_.data]) + "' is not a number of zero or more");
      job.data_gb = *data;
    }
    if (auto s = home(row, job); !s) return s;
    trace_.jobs.push_back(job);
    return Done{};
  }

 private:
  Status time(const std::vector<std::string_view>& row, std::size_t column, std::string_view name, Duration& out) {
    if (column == Columns::kAbsent) return Done{};
    const auto value = parse_number(row[column]);
    if (!value) return lines_.error(std::string(name) + ": " + value.error().message);
    const auto duration = to_duration(*value, ms_);
    if (!duration) return lines_.error(std::string(name) + ": " + duration.error().message);
    out = *duration;
    return Done{};
  }
  Status home(const std::vector<std::string_view>& row, Job& job) {
    if (columns_.home == Columns::kAbsent || options_.site_names.empty() || row[columns_.home].empty()) return Done{};
    const auto& names = options_.site_names;
    const auto at = std::find(names.begin(), names.end(), row[columns_.home]);
    if (at != names.end()) {
      job.home = static_cast<std::size_t>(at - names.begin());
      return Done{};
    }
    std::string accepted;
    for (const auto& name : names) accepted += (accepted.empty() ? "" : ", ") + name;
    return lines_.error("home: '" + std::string(row[columns_.home]) + "' is not a site; accepted are " + accepted);
  }

  const LineReader& lines_;
  const Columns& columns_;
  const TraceOptions& options_;
  Trace& trace_;
  double ms_;
};

// Ids for rows without: the run must not depend on the order of the rows.
void number_by_content(Trace& trace) {
  const auto key = [&trace](const Job& job) {
    return std::tie(job.arrival, job.runtime, job.width, job.limit, trace.users[job.user], job.home, job.data_gb);
  };
  std::sort(trace.jobs.begin(), trace.jobs.end(), [&key](const Job& a, const Job& b) { return key(a) < key(b); });
  for (std::size_t i = 0; i < trace.jobs.size(); ++i) trace.jobs[i].id = i;
}

}  // namespace

Result<Trace> read_csv_jobs(LineReader& lines, std::string line, const TraceOptions& options) {
  const auto columns = read_header(lines, line);
  if (!columns) return columns.error();
  Trace trace;
  RowReader rows(lines, *columns, options, trace);
  std::vector<std::string_view> row;
  while (lines.next(line)) {
    if (trim(line).empty()) continue;
    split(line, ',', row);
    if (auto s = rows.read(row); !s) return s.error();
  }
  if (columns->id == Columns::kAbsent) number_by_content(trace);
  return trace;
}

}  // namespace carbon::replay

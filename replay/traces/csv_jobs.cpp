// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "replay/traces/trace_formats.h"

namespace carbon::replay {
namespace {

constexpr std::string_view kHeader = "accepted are arrival_time,length,cpus (or gpus), and optionally id,limit,user,home,data_gb";

// The index of each column.
struct Columns {
  static constexpr std::size_t kAbsent = std::string_view::npos;
  std::size_t arrival = kAbsent, runtime = kAbsent, width = kAbsent, id = kAbsent, limit = kAbsent, user = kAbsent,
              home = kAbsent, data = kAbsent;
};

Result<Columns> columns_of(const CsvReader& csv) {
  Columns c;
  const std::pair<std::string_view, std::size_t*> known[] = {
      {"arrival_time", &c.arrival}, {"length", &c.runtime}, {"cpus", &c.width}, {"gpus", &c.width},  {"id", &c.id},
      {"limit", &c.limit},          {"user", &c.user},      {"home", &c.home},  {"data_gb", &c.data}};
  for (const auto& [name, column] : known) {
    const auto at = csv.column(name);
    if (!at) return at.error();
    if (!*at) continue;
    if (*column != Columns::kAbsent) return csv.error("the header names both cpus and gpus; " + std::string(kHeader));
    *column = **at;
  }
  if (c.arrival == Columns::kAbsent || c.runtime == Columns::kAbsent || c.width == Columns::kAbsent)
    return csv.error("the header lacks arrival_time, length or cpus|gpus: it has " + csv.columns() + "; " + std::string(kHeader));
  return c;
}

class RowReader {
 public:
  RowReader(const CsvReader& csv, const Columns& columns, const TraceOptions& options, Trace& trace)
      : csv_(csv), columns_(columns), options_(options), trace_(trace), ms_(options.unit == JobUnit::kHours ? 3.6e6 : 1e3) {}

  Status read(const std::vector<std::string>& row) {
    Job job;
    Duration arrival{0};
    if (auto s = time(row, columns_.arrival, "arrival_time", arrival); !s) return s;
    job.arrival = Instant(arrival);
    if (auto s = time(row, columns_.runtime, "length", job.runtime); !s) return s;
    if (auto s = time(row, columns_.limit, "limit", job.limit); !s) return s;
    const auto width = parse_count(row[columns_.width]);
    if (!width || *width == 0 || *width > 1'000'000)
      return csv_.error("cpus|gpus: '" + row[columns_.width] + "' is not 1 to 1000000");
    job.width = static_cast<std::uint32_t>(*width);
    if (columns_.id != Columns::kAbsent) {
      const auto id = parse_count(row[columns_.id]);
      if (!id) return csv_.error("id: " + id.error().message);
      job.id = *id;
    }
    job.user = trace_.user_index(columns_.user == Columns::kAbsent ? std::string() : row[columns_.user]);
    if (columns_.data != Columns::kAbsent) {
      const auto data = parse_number(row[columns_.data]);
      if (!data || *data < 0) return csv_.error("data_gb: '" + row[columns_.data] + "' is not a number of zero or more");
      job.data_gb = *data;
    }
    if (auto s = home(row, job); !s) return s;
    trace_.jobs.push_back(job);
    return Done{};
  }

 private:
  Status time(const std::vector<std::string>& row, std::size_t column, std::string_view name, Duration& out) {
    if (column == Columns::kAbsent) return Done{};
    const auto value = parse_number(row[column]);
    if (!value) return csv_.error(std::string(name) + ": " + value.error().message);
    const auto duration = to_duration(*value, ms_);
    if (!duration) return csv_.error(std::string(name) + ": " + duration.error().message);
    out = *duration;
    return Done{};
  }
  Status home(const std::vector<std::string>& row, Job& job) {
    if (columns_.home == Columns::kAbsent || options_.site_names.empty() || row[columns_.home].empty()) return Done{};
    const auto& names = options_.site_names;
    const auto at = std::find(names.begin(), names.end(), row[columns_.home]);
    if (at != names.end()) {
      job.home = static_cast<std::size_t>(at - names.begin());
      return Done{};
    }
    std::string accepted;
    for (const auto& name : names) accepted += (accepted.empty() ? "" : ", ") + name;
    return csv_.error("home: '" + row[columns_.home] + "' is not a site; accepted are " + accepted);
  }

  const CsvReader& csv_;
  const Columns& columns_;
  const TraceOptions& options_;
  Trace& trace_;
  double ms_;
};

}  // namespace

Result<Trace> read_csv_jobs(LineReader& lines, const TraceOptions& options) {
  auto csv = lines.csv();
  if (const auto read = csv.read_header(); !read) return read.error();
  const auto columns = columns_of(csv);
  if (!columns) return columns.error();
  Trace trace;
  RowReader rows(csv, *columns, options, trace);
  std::vector<std::string> row;
  for (;;) {
    const auto found = csv.next(row);
    if (!found) return found.error();
    if (!*found) break;
    if (auto s = rows.read(row); !s) return s.error();
  }
  if (columns->id == Columns::kAbsent) trace.number_by_content();
  return trace;
}

}  // namespace carbon::replay

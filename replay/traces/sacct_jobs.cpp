// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/slurm/tres.h"
#include "replay/traces/trace_formats.h"

namespace carbon::replay {
namespace {

constexpr std::string_view kNeeded =
    "accepted is the output of sacct -P with Submit, with ElapsedRaw, Elapsed, or Start and End, and with AllocTRES, AllocGRES, "
    "AllocCPUS or NCPUS";

// One row by the names of its columns; empty for a column that is absent.
class Row {
 public:
  explicit Row(std::string_view header) {
    std::vector<std::string_view> names;
    split(header, '|', names);
    names_.assign(names.begin(), names.end());
  }
  bool has(std::string_view name) const { return std::find(names_.begin(), names_.end(), name) != names_.end(); }
  bool read(std::string_view line) {
    split(line, '|', fields_);
    return fields_.size() == names_.size();
  }
  std::string_view operator[](std::string_view name) const {
    const auto at = static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
    return at < fields_.size() ? fields_[at] : std::string_view();
  }
  std::size_t columns() const { return names_.size(); }

 private:
  std::vector<std::string> names_;
  std::vector<std::string_view> fields_;
};

bool is_known(std::string_view text) { return !text.empty() && text != "Unknown" && text != "None" && text != "INVALID"; }

// From AllocTRES, or AllocGRES of older versions.
std::uint32_t gpus_of(const Row& row) {
  const auto gpus = row.has("AllocTRES") ? gpus_in_tres(row["AllocTRES"]) : gpus_in_gres(row["AllocGRES"]);
  return gpus ? gpus->count : 0;
}

Result<Duration> elapsed(const Row& row) {
  if (is_known(row["ElapsedRaw"])) {
    const auto raw = parse_count(row["ElapsedRaw"]);
    return raw ? to_duration(static_cast<double>(*raw), 1e3) : Result<Duration>(raw.error());
  }
  if (is_known(row["Elapsed"])) return parse_slurm_duration(row["Elapsed"]);
  if (!is_known(row["Start"]) || !is_known(row["End"])) return Duration(0);  // never ran, or still runs
  const auto start = parse_utc(row["Start"]), end = parse_utc(row["End"]);
  if (!start) return start.error();
  if (!end) return end.error();
  return std::max(*end - *start, Duration(0));
}

Duration limit(const Row& row) {
  if (const auto minutes = parse_count(row["TimelimitRaw"]); minutes) return std::chrono::minutes(*minutes);
  const auto text = parse_slurm_duration(row["Timelimit"]);
  return text ? *text : Duration(0);  // UNLIMITED, Partition_Limit: no limit of its own
}

}  // namespace

Result<Trace> read_sacct_jobs(LineReader& lines, std::string line) {
  Row row(line);
  const bool has_runtime = row.has("ElapsedRaw") || row.has("Elapsed") || (row.has("Start") && row.has("End"));
  const bool has_width = row.has("AllocTRES") || row.has("AllocGRES") || row.has("AllocCPUS") || row.has("NCPUS");
  if (!row.has("Submit") || !has_runtime || !has_width) return lines.error("the header lacks a column; " + std::string(kNeeded));

  Trace trace;
  trace.absolute = true;
  std::vector<std::uint32_t> gpus;  // beside trace.jobs
  bool any_gpu = false;
  while (lines.next(line)) {
    if (line.empty()) continue;
    if (!row.read(line)) return lines.error("does not have the header's " + std::to_string(row.columns()) + " fields");
    if (row["JobID"].find('.') != std::string_view::npos || row["JobIDRaw"].find('.') != std::string_view::npos)
      continue;  // a step
    const auto submit = parse_utc(row["Submit"]);
    if (!submit) return lines.error("Submit: " + submit.error().message);
    const auto runtime = elapsed(row);
    if (!runtime) return lines.error("elapsed time: " + runtime.error().message);
    const auto cpus = parse_count(row.has("AllocCPUS") ? row["AllocCPUS"] : row["NCPUS"]);
    const auto width = cpus ? *cpus : 0;
    gpus.push_back(gpus_of(row));
    if (*runtime == Duration(0) || (width == 0 && gpus.back() == 0)) {
      ++trace.skipped;
      gpus.pop_back();
      continue;
    }
    any_gpu |= gpus.back() > 0;
    const auto id = parse_count(row["JobIDRaw"]);
    trace.jobs.push_back({.id = id ? *id : trace.jobs.size(),
                          .arrival = *submit,
                          .runtime = *runtime,
                          .limit = limit(row),
                          .width = static_cast<std::uint32_t>(width),
                          .user = trace.user_index(std::string(row["User"]))});
  }
  if (!any_gpu) return trace;
  for (std::size_t i = 0; i < gpus.size(); ++i) trace.jobs[i].width = gpus[i];
  trace.skipped += std::erase_if(trace.jobs, [](const Job& job) { return job.width == 0; });
  return trace;
}

}  // namespace carbon::replay

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <unordered_set>

#include "core/slurm/tres.h"
#include "core/strings.h"
#include "replay/traces/trace_formats.h"

namespace carbon::replay {
namespace {

constexpr std::string_view kNeeded =
    "accepted is the output of sacct -P with its header, with JobIDRaw or JobID, with Submit, with ElapsedRaw, Elapsed, or Start "
    "and End, and with AllocTRES, AllocGRES, AllocCPUS or NCPUS";

// What the states of jobs that have not ended begin with (sacct's manual, section "Job State Codes"). RESIZING and REQUEUED are
// runs that have.
constexpr std::array<std::string_view, 11> kUnfinished = {"PENDING",    "RUNNING",  "SUSPENDED",   "CONFIGURING",
                                                          "COMPLETING", "REQUEUE_", "RESV_DEL_",   "SIGNALING",
                                                          "STAGE_OUT",  "STOPPED",  "SPECIAL_EXIT"};

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
  std::size_t fields() const { return fields_.size(); }

 private:
  std::vector<std::string> names_;
  std::vector<std::string_view> fields_;
};

bool is_known(std::string_view text) { return !text.empty() && text != "Unknown" && text != "None" && text != "INVALID"; }

std::string lacking(const Row& row) {
  std::vector<std::string_view> names;
  if (!row.has("JobIDRaw") && !row.has("JobID")) names.push_back("JobIDRaw or JobID, which tell jobs from their steps");
  if (!row.has("Submit")) names.push_back("Submit");
  if (!row.has("ElapsedRaw") && !row.has("Elapsed") && !(row.has("Start") && row.has("End"))) names.push_back("ElapsedRaw");
  if (!row.has("AllocTRES") && !row.has("AllocGRES") && !row.has("AllocCPUS") && !row.has("NCPUS")) names.push_back("AllocTRES");
  return joined(names);
}

// Local time without an offset is taken as UTC; a difference of two may then be off by the hour that clocks are set.
Result<Instant> time_of(std::string_view text) {
  if (is_digits(text) && text.size() >= 9 && text.size() <= 11)
    return Instant(std::chrono::seconds(*core::parse_number<std::int64_t>(text)));
  return parse_utc(text);
}

// AllocGRES is from older versions. None where a list is not understood.
std::optional<std::uint32_t> gpus_of(const Row& row) {
  const auto tres = gpus_in_tres(row["AllocTRES"]), gres = gpus_in_gres(row["AllocGRES"]);
  if (!tres || !gres) return std::nullopt;
  return tres->count > 0 ? tres->count : gres->count;
}

Result<std::uint32_t> cpus_of(const Row& row) {
  for (const auto name : {"AllocCPUS", "NCPUS"}) {
    if (row[name].empty()) continue;
    const auto count = parse_count(row[name]);
    if (!count || *count > 100'000'000)
      return Error{std::string(name) + ": '" + std::string(row[name]) + "' is no number of CPUs"};
    return static_cast<std::uint32_t>(*count);
  }
  const auto cpus = gpus_in_tres(row["AllocTRES"], "cpu");
  if (!cpus) return Error{"AllocTRES: '" + std::string(row["AllocTRES"]) + "' has no readable number of CPUs"};
  return cpus->count;
}

Result<Duration> elapsed(const Row& row) {
  if (is_known(row["ElapsedRaw"])) {
    const auto raw = parse_count(row["ElapsedRaw"]);
    return raw ? to_duration(static_cast<double>(*raw), 1e3) : Result<Duration>(raw.error());
  }
  if (is_known(row["Elapsed"])) return parse_slurm_duration(row["Elapsed"]);
  if (!is_known(row["Start"]) || !is_known(row["End"])) return Duration(0);  // never ran
  const auto start = time_of(row["Start"]), end = time_of(row["End"]);
  if (!start) return start.error();
  if (!end) return end.error();
  if (*end < *start) {
    return Error{"End " + std::string(row["End"]) + " is before Start " + std::string(row["Start"]) +
                 ", as when clocks are set back; accepted: ElapsedRaw, or times of SLURM_TIME_FORMAT=%s"};
  }
  return *end - *start;
}

Duration limit(const Row& row) {
  if (const auto minutes = parse_count(row["TimelimitRaw"]); minutes) return std::chrono::minutes(*minutes);
  const auto text = parse_slurm_duration(row["Timelimit"]);
  return text ? *text : Duration(0);  // UNLIMITED, Partition_Limit: no limit of its own
}

bool is_step(const Row& row) {
  return row["JobID"].find('.') != std::string_view::npos || row["JobIDRaw"].find('.') != std::string_view::npos;
}

bool is_unfinished(const Row& row) {
  const auto state = row["State"];
  if (state.empty()) return row.has("End") && !is_known(row["End"]);
  return std::any_of(kUnfinished.begin(), kUnfinished.end(), [state](auto name) { return state.starts_with(name); });
}

// A run's identity in dumps that were joined; empty if its start is not known.
std::string run_of(const Row& row) {
  if (!is_known(row["Start"])) return "";
  return joined(std::array{row["Cluster"], row["JobID"], row["JobIDRaw"], row["Submit"], row["Start"]}, "|");
}

}  // namespace

Result<Trace> read_sacct_jobs(LineReader& lines) {
  std::string header, line;
  do {
    if (!lines.next(header)) return Error{lines.path() + ": is empty; " + std::string(kNeeded)};
  } while (trim(header).empty());
  Row row(header);
  if (const auto names = lacking(row); !names.empty())
    return lines.error("the header lacks a column: " + names + "; it is '" + header.substr(0, 200) + "'; " +
                       std::string(kNeeded));

  Trace trace;
  trace.absolute = true;
  trace.ends_are_known = row.has("State") || row.has("End");
  std::vector<std::uint32_t> gpus;  // beside trace.jobs
  std::unordered_set<std::string> runs;
  bool any_gpu = false, all_ids = true;
  while (lines.next(line)) {
    if (trim(line).empty() || line == header) continue;  // the header comes again in dumps that were joined
    if (!row.read(line)) {
      return lines.error("has " + std::to_string(row.fields()) + " fields, the header " + std::to_string(row.columns()) +
                         "; accepted: a dump whose names hold neither '|' nor line ends");
    }
    if (is_step(row)) continue;
    if (is_unfinished(row)) {
      ++trace.unfinished;
      continue;
    }
    const auto submit = time_of(row["Submit"]);
    if (!submit) return lines.error("Submit: " + submit.error().message);
    const auto runtime = elapsed(row);
    if (!runtime) return lines.error("elapsed time: " + runtime.error().message);
    const auto cpus = cpus_of(row);
    if (!cpus) return lines.error(cpus.error().message);
    const auto count = gpus_of(row);
    if (!count) return lines.error("the GPUs in AllocTRES or AllocGRES have no readable number");
    if (*runtime == Duration(0) || (*cpus == 0 && *count == 0)) {
      ++trace.skipped;
      continue;
    }
    if (const auto run = run_of(row); !run.empty() && !runs.insert(run).second) {
      ++trace.repeated;
      continue;
    }
    any_gpu |= *count > 0;
    gpus.push_back(*count);
    const auto id = parse_count(row["JobIDRaw"]);
    all_ids &= id.ok();
    trace.jobs.push_back({.id = id ? *id : 0,
                          .arrival = *submit,
                          .runtime = *runtime,
                          .limit = limit(row),
                          .width = *cpus,
                          .user = trace.user_index(std::string(row["User"]))});
  }
  if (any_gpu) {
    for (std::size_t i = 0; i < gpus.size(); ++i) trace.jobs[i].width = gpus[i];
    trace.skipped += std::erase_if(trace.jobs, [](const Job& job) { return job.width == 0; });
  }
  if (!all_ids) trace.number_by_content();
  return trace;
}

}  // namespace carbon::replay

// SPDX-License-Identifier: Apache-2.0
#include "scarbon/sacct/job_format.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <set>

#include "core/slurm/run_times.h"
#include "core/slurm/slurm_time.h"
#include "core/strings.h"
#include "scarbon/controller_client.h"

namespace carbon::scarbon {
namespace {

constexpr std::string_view kDefaultFields =
    "JobID,JobName,Partition,State,Elapsed,EnergyKWh,Co2eG,SavedCo2eG,AvgIntensity,Site,Method";
constexpr std::string_view kBriefFields = "EnergyKWh,Co2eG";  // after those of sacct -b
constexpr std::array<std::string_view, 3> kKeyFields{"Cluster", "JobIDRaw", "Start"};
constexpr int kKeyWidth = 128;
constexpr std::array<std::string_view, 4> kTimeFields{"Submit", "Eligible", "Start", "End"};
constexpr int kTries = 3;  // attempts to get the same rows from two sacct runs
// From a run's start to its first record: without PrologFlags=Alloc a node knows of the run at its first step there.
constexpr Duration kToFirstRecord = std::chrono::hours(1);

std::string trimmed(const std::string& cell) {
  const auto first = cell.find_first_not_of(' ');
  return first == std::string::npos ? "" : cell.substr(first, cell.find_last_not_of(' ') - first + 1);
}

struct RowKey {
  JobFormat::Key job;
  std::string start;
};

// None for a step, which has a '.' in its id.
std::optional<RowKey> key_of(const std::vector<std::string>& row) {
  if (row.size() < kKeyFields.size()) return std::nullopt;
  auto id = trimmed(row[1]);
  if (id.empty() || id.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return RowKey{{trimmed(row[0]), std::move(id)}, trimmed(row[2])};
}

// sacct uses one width per field, however often it is in the format: the last one given.
std::string key_format(bool with_width) {
  std::string format = "--format=";
  for (const auto name : kKeyFields) {
    format += (format.back() == '=' ? "" : ",") + std::string(name) + (with_width ? '%' + std::to_string(kKeyWidth) : "");
  }
  return format;
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// Unix seconds (UnixTimes), or as sacct prints a time without SLURM_TIME_FORMAT; none for "Unknown".
std::optional<Instant> time_of(const std::string& text) {
  if (text.size() > 8 && is_digits(text)) {
    const auto seconds = parse_number<std::int64_t>(text);
    return seconds ? std::optional(from_unix_ms(*seconds * 1000)) : std::nullopt;
  }
  const auto t = parse_slurm_time(text, now());
  return t ? std::optional(*t) : std::nullopt;
}

// sacct prints times as unix seconds while it lives: local times come twice or never when the clocks change.
class UnixTimes {
 public:
  UnixTimes() {
    if (const char* own = std::getenv(kName)) own_ = own;
    ::setenv(kName, "%s", 1);
  }
  ~UnixTimes() { own_ ? ::setenv(kName, own_->c_str(), 1) : ::unsetenv(kName); }
  UnixTimes(const UnixTimes&) = delete;
  UnixTimes& operator=(const UnixTimes&) = delete;

 private:
  static constexpr const char* kName = "SLURM_TIME_FORMAT";
  std::optional<std::string> own_;
};

// Whether `earlier` is a run of the same job, which was requeued then. Both are runs of one cluster and id.
bool continues(const nlohmann::json& earlier, const nlohmann::json& later) {
  if (text_at(earlier, "user") != text_at(later, "user")) return false;
  const auto submit = time_at(later, "submit");  // of the job's first run, or later
  if (submit && time_at(earlier, "submit") == submit) return true;
  const auto ended = time_at(earlier, "end");
  return number_at(earlier, "restart").value_or(0) < number_at(later, "restart").value_or(0) &&
         (!submit || !ended || *ended >= *submit);
}

// How long after `start` the run began that may be the one; none: it is another.
std::optional<Duration> begun_after(const nlohmann::json& run, Instant start) {
  const auto first = time_at(run, "start"), last = time_at(run, "end");
  if (!first || *first < start - kClockTolerance) {
    // Before sacct's start only where the times were cut (sacct -T).
    return first && last && *last > start + kClockTolerance ? std::optional(Duration(0)) : std::nullopt;
  }
  return *first - start <= kToFirstRecord ? std::optional(std::chrono::abs(*first - start)) : std::nullopt;
}

Result<int> parse_width(std::string_view item, std::string_view text) {
  int width = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), width);
  if (ec == std::errc{} && end == text.data() + text.size() && width != 0 && std::abs(width) <= 4096) return width;
  return Error{"'" + std::string(item) + "' has no valid width after '%'; accepted: a whole number such as %20 or %-20"};
}

}  // namespace

void JobFormat::add_own(std::string_view fields) {
  for (const auto& field : job_fields()) {
    if (fields.empty() || fields.find(field.name) != std::string_view::npos) last_.push_back({&field, field.width});
  }
}

Status JobFormat::add_fields(std::string_view rest) {
  std::string theirs;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const auto item = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    if (item.empty()) continue;
    const auto percent_sign = item.find('%');
    const auto name = item.substr(0, percent_sign);
    const auto* field = find_job_field(name);
    if (field == nullptr) {
      slots_.push_back({});
      theirs += (theirs.empty() ? "" : ",") + std::string(item);
      const auto named = [&](auto k) { return same_name(k, name); };
      names_key_ = names_key_ || std::any_of(kKeyFields.begin(), kKeyFields.end(), named);
      names_time_ = names_time_ || std::any_of(kTimeFields.begin(), kTimeFields.end(), named);
      continue;
    }
    int width = field->width;
    if (percent_sign != std::string_view::npos) {
      const auto given = parse_width(item, item.substr(percent_sign + 1));
      if (!given) return given.error();
      width = *given;
    }
    slots_.push_back({field, width});
  }
  if (!theirs.empty()) arguments_.push_back("--format=" + theirs);
  return Done{};
}

Result<JobFormat> JobFormat::make(const std::vector<FormatPart>& parts) {
  JobFormat format;
  bool named = false;
  for (const auto& part : parts) {
    if (part.kind == FormatPart::kFields) {
      named = true;
      if (const auto added = format.add_fields(part.fields); !added) return added.error();
      continue;
    }
    const bool all_of_theirs = part.kind == FormatPart::kLong;
    format.arguments_.emplace_back(all_of_theirs ? "--long" : "--brief");
    format.open_ended_ = true;
    format.long_ = format.long_ || all_of_theirs;
  }
  if (parts.empty()) {
    if (const auto added = format.add_fields(kDefaultFields); !added) return added.error();
  } else if (!named) {
    format.add_own(format.long_ ? std::string_view() : kBriefFields);
  }
  if (format.slots_.empty() && format.last_.empty()) return Error{"no field in --format; see scarbon jobs --helpformat"};
  return format;
}

Result<SacctTable> JobFormat::run(const std::vector<std::string>& selection, SacctLayout layout) const {
  const auto ask = [&](const std::vector<std::string>& format, SacctLayout as) {
    auto arguments = selection;
    arguments.insert(arguments.end(), format.begin(), format.end());
    return run_sacct(std::move(arguments), as);
  };
  std::vector<std::string> whole{key_format(layout == SacctLayout::kPadded)};
  whole.insert(whole.end(), arguments_.begin(), arguments_.end());
  const bool widths_meet = layout == SacctLayout::kPadded && names_key_;
  if (!long_ && !widths_meet && !names_time_) {
    const UnixTimes of_key;
    return ask(whole, layout);
  }
  // The key would change the widths of these columns or their times, or they its; or it may not stand beside them: two questions,
  // which see the same rows unless a job comes or goes.
  const auto ask_keys = [&] {
    const UnixTimes of_key;
    return ask({key_format(false)}, SacctLayout::kParsable);
  };
  for (int tries = 0; tries < kTries; ++tries) {
    auto keys = ask_keys();
    if (!keys) return keys;
    const auto columns = ask(arguments_, layout);
    if (!columns) return columns;
    if (columns->rows.size() != keys->rows.size()) continue;
    keys->header.insert(keys->header.end(), columns->header.begin(), columns->header.end());
    for (std::size_t i = 0; i < columns->rows.size(); ++i)
      keys->rows[i].insert(keys->rows[i].end(), columns->rows[i].begin(), columns->rows[i].end());
    return keys;
  }
  return Error{"sacct: the jobs changed between two calls, so the columns differ; try again, or use -P"};
}

std::vector<JobFormat::Key> JobFormat::jobs_in(const SacctTable& sacct) {
  std::set<Key> jobs;
  for (const auto& row : sacct.rows) {
    if (auto key = key_of(row)) jobs.insert(std::move(key->job));
  }
  return {jobs.begin(), jobs.end()};
}

std::vector<JobRuns> JobFormat::runs_by_row(const SacctTable& sacct, const Runs& runs, bool each_run) {
  struct Row {
    std::size_t index;
    std::optional<Instant> start;
  };
  std::map<Key, std::vector<Row>> rows;
  for (std::size_t i = 0; i < sacct.rows.size(); ++i) {
    if (auto key = key_of(sacct.rows[i])) rows[std::move(key->job)].push_back({i, time_of(key->start)});
  }
  std::vector<JobRuns> out(sacct.rows.size());
  for (const auto& [job, of_job] : rows) {
    const auto known = runs.find(job);
    if (known == runs.end()) continue;
    const auto& all = known->second;
    const auto with_earlier = [&](std::size_t last) {  // by start, those before it of the same job
      auto first = last;
      while (!each_run && first > 0 && continues(all[first - 1], all[first])) --first;
      return JobRuns(all.begin() + static_cast<std::ptrdiff_t>(first), all.begin() + static_cast<std::ptrdiff_t>(last) + 1);
    };
    for (std::size_t r = 0; r < all.size(); ++r) {
      const Row* best = nullptr;
      for (const auto& row : of_job) {
        const auto after = row.start ? begun_after(all[r], *row.start) : std::nullopt;
        if (after && (!best || *after < *begun_after(all[r], *best->start))) best = &row;
      }
      if (best) out[best->index] = with_earlier(r);
    }
    // One that waits, requeued after its last run.
    for (const auto& row : of_job) {
      if (!each_run && !row.start && of_job.size() == 1 && text_at(all.back(), "state") == "REQUEUED")
        out[row.index] = with_earlier(all.size() - 1);
    }
  }
  return out;
}

Result<Table> JobFormat::join(const SacctTable& sacct, const Runs& runs, bool each_run) const {
  const auto named = static_cast<std::size_t>(std::count_if(slots_.begin(), slots_.end(), [](auto& s) { return !s.field; }));
  const auto least = kKeyFields.size() + named;
  if (sacct.header.size() < least || (!open_ended_ && sacct.header.size() > least)) {
    return Error{"sacct: " + std::to_string(sacct.header.size()) + " columns in its output, " + std::to_string(least) +
                 " asked for"};
  }
  // Calls theirs(column) or own(slot) for each column to be shown.
  const auto walk = [&](const auto& theirs, const auto& own) {
    auto column = kKeyFields.size();
    for (const auto& slot : slots_) slot.field ? own(slot) : theirs(column++);
    while (column < sacct.header.size()) theirs(column++);
    for (const auto& slot : last_) own(slot);
  };
  Table table;
  walk(
      [&](std::size_t i) {
        table.header.push_back(sacct.header[i]);
        table.widths.push_back(kAsItIs);
      },
      [&](const Slot& slot) {
        table.header.emplace_back(slot.field->name);
        table.widths.push_back(slot.width);
      });
  const auto own = runs_by_row(sacct, runs, each_run);
  for (std::size_t i = 0; i < sacct.rows.size(); ++i) {
    auto& cells = table.rows.emplace_back();
    walk([&](std::size_t column) { cells.push_back(sacct.rows[i][column]); },
         [&](const Slot& slot) { cells.push_back(slot.field->value(own[i])); });
  }
  return table;
}

}  // namespace carbon::scarbon

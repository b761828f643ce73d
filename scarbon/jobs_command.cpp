// SPDX-License-Identifier: Apache-2.0
// scarbon jobs: sacct's rows and columns from sacct itself, with the ledger's columns joined to them.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>

#include "scarbon/command.h"
#include "scarbon/controller.h"
#include "scarbon/job_fields.h"
#include "scarbon/sacct.h"

namespace carbon::scarbon {
namespace {

constexpr std::string_view kDefaultFormat =
    "JobID,JobName,Partition,State,Elapsed,EnergyKWh,Co2eG,SavedCo2eG,AvgIntensity,Site,Method";
constexpr std::size_t kJobsPerQuestion = 1000;

struct JobsOptions {
  std::vector<std::string> selection;  // options handed to sacct as they are
  std::string format{kDefaultFormat};
  TableStyle style;
  bool help_format = false;
};

// One column asked for: ours, or the `sacct_index`-th that sacct is asked for.
struct Column {
  const JobField* field = nullptr;
  int width = 0;
  std::size_t sacct_index = 0;
};

struct Plan {
  std::vector<Column> columns;
  std::vector<std::string> sacct_fields;  // the last one is JobIDRaw, the key of the join
};

Result<Plan> make_plan(const std::string& format) {
  Plan plan;
  std::string_view rest(format);
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const auto item = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    if (item.empty()) continue;
    const auto percent_sign = item.find('%');
    const auto* field = find_job_field(item.substr(0, percent_sign));
    if (field == nullptr) {
      plan.columns.push_back({nullptr, 0, plan.sacct_fields.size()});
      plan.sacct_fields.emplace_back(item);
      continue;
    }
    int width = field->width;
    if (percent_sign != std::string_view::npos) {
      const auto text = item.substr(percent_sign + 1);
      const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), width);
      if (ec != std::errc{} || end != text.data() + text.size() || width == 0 || std::abs(width) > 4096) {
        return Error{"'" + std::string(item) + "' has no width behind '%'; accepted: a whole number such as %20 or %-20"};
      }
    }
    plan.columns.push_back({field, width, 0});
  }
  if (plan.columns.empty()) return Error{"no field in --format; see scarbon jobs --helpformat"};
  plan.sacct_fields.emplace_back("JobIDRaw%40");
  return plan;
}

std::string trimmed(const std::string& cell) {
  const auto first = cell.find_first_not_of(' ');
  return first == std::string::npos ? "" : cell.substr(first, cell.find_last_not_of(' ') - first + 1);
}

Result<std::map<std::string, JobRuns>> ask_ledger(Controller& controller, const SacctTable& jobs) {
  std::map<std::string, JobRuns> runs;
  std::string list;
  std::size_t listed = 0;
  const auto ask = [&]() -> Status {
    const auto answer = controller.get("/v1/jobs", {{"jobs", list}});
    list.clear();
    listed = 0;
    if (!answer) return answer.error();
    const auto found = answer->find("jobs");
    if (found == answer->end() || !found->is_array()) return Error{"carbonctld: no list of jobs in its answer"};
    for (const auto& run : *found) {
      if (const auto id = number_at(run, "job_id")) runs[fmt::format("{:.0f}", *id)].push_back(run);
    }
    return Done{};
  };
  for (const auto& row : jobs.rows) {
    const auto id = trimmed(row.back());
    if (id.empty() || id.find_first_not_of("0123456789") != std::string::npos) continue;  // a step
    list += (list.empty() ? "" : ",") + id;
    if (++listed < kJobsPerQuestion) continue;
    if (const auto asked = ask(); !asked) return asked.error();
  }
  if (!list.empty()) {
    if (const auto asked = ask(); !asked) return asked.error();
  }
  return runs;
}

Table join(const Plan& plan, const SacctTable& sacct, const std::map<std::string, JobRuns>& runs) {
  Table table;
  for (const auto& column : plan.columns) {
    const auto& theirs = sacct.header[column.field != nullptr ? 0 : column.sacct_index];
    table.header.emplace_back(column.field != nullptr ? std::string(column.field->name) : theirs);
    table.widths.push_back(column.field != nullptr ? column.width : static_cast<int>(theirs.size()));
  }
  const JobRuns none;
  for (const auto& row : sacct.rows) {
    const auto found = runs.find(trimmed(row.back()));
    auto& cells = table.rows.emplace_back();
    for (const auto& column : plan.columns) {
      cells.push_back(column.field == nullptr ? row[column.sacct_index]
                                              : column.field->value(found == runs.end() ? none : found->second));
    }
  }
  return table;
}

int print_help_format() {
  fmt::print("All fields of sacct (sacct --helpformat), and:\n");
  for (const auto& field : job_fields()) fmt::print("  {:<16} {}\n", field.name, field.help);
  return 0;
}

int run_jobs(const JobsOptions& options, const Session& session) {
  if (options.help_format) return print_help_format();
  const auto config = session.config();
  if (!config) return complain(config.error().message);
  const auto plan = make_plan(options.format);
  if (!plan) return complain(plan.error().message);
  const bool padded = options.style.layout == TableLayout::kPadded;
  const auto sacct = run_sacct(options.selection, plan->sacct_fields, padded ? SacctLayout::kPadded : SacctLayout::kParsable);
  if (!sacct) return complain(sacct.error().message);
  Controller controller(*config);
  const auto runs = ask_ledger(controller, *sacct);
  const std::map<std::string, JobRuns> known = runs ? *runs : std::map<std::string, JobRuns>();
  fmt::print("{}", print_table(join(*plan, *sacct, known), options.style));
  for (const auto& [id, job] : known) {
    if (std::any_of(job.begin(), job.end(), [](const auto& run) { return flag_at(run, "simulated"); })) {
      say_simulated();
      break;
    }
  }
  return runs ? 0 : complain(runs.error().message + "; energy and emission columns are empty");
}

}  // namespace

Command jobs_command(CLI::App& parent, const Session& session) {
  auto options = std::make_shared<JobsOptions>();
  auto* app = parent.add_subcommand("jobs", "A row a job, as sacct -X prints it, with energy and emission");
  options->selection.emplace_back("--allocations");
  // Options with sacct's meaning that select rows: handed on.
  const auto value = [&](const char* names, const char* handed_on, const char* help) {
    app->add_option_function<std::string>(
        names, [options, handed_on](const std::string& v) { options->selection.push_back(std::string(handed_on) + '=' + v); },
        help);
  };
  const auto flag = [&](const char* names, const char* handed_on, const char* help) {
    app->add_flag_callback(
        names, [options, handed_on] { options->selection.emplace_back(handed_on); }, help);
  };
  value("-S,--starttime", "--starttime", "jobs in any state after this time (default 00:00:00 of today); sacct's time formats");
  value("-E,--endtime", "--endtime", "jobs in any state before this time (default now)");
  value("-u,--user,--uid", "--user", "jobs of these users (comma-separated); root sees all by default");
  value("-A,--accounts", "--accounts", "jobs of these accounts");
  value("-j,--jobs", "--jobs", "these jobs");
  value("-r,--partition", "--partition", "jobs of these partitions");
  value("-s,--state", "--state", "jobs in these states");
  value("-N,--nodelist", "--nodelist", "jobs that ran on one of these nodes");
  value("-q,--qos", "--qos", "jobs of these QOS");
  value("--name", "--name", "jobs of these names");
  flag("-a,--allusers", "--allusers", "jobs of all users");
  flag("-X,--allocations", "--allocations", "one row a job (always so)");
  app->add_option("-o,--format", options->format,
                  "comma-separated fields of sacct and of slurm-carbon, each with %width or not (see --helpformat)")
      ->capture_default_str();
  add_table_options(*app, options->style);
  app->add_flag("-e,--helpformat", options->help_format, "list the fields");
  return {app, [options, &session] { return run_jobs(*options, session); }};
}

}  // namespace carbon::scarbon

// SPDX-License-Identifier: Apache-2.0
// scarbon jobs: sacct's rows and columns, printed by sacct itself, joined with columns from the ledger.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "scarbon/command.h"
#include "scarbon/controller_client.h"
#include "scarbon/sacct/job_format.h"
#include "scarbon/sacct/ledger_runs.h"
#include "scarbon/sacct/sacct_options.h"

namespace carbon::scarbon {
namespace {

struct JobsOptions {
  SacctOptions sacct;
  TableStyle style;
  bool help_format = false, json = false, script = false, environment = false;
};

bool any_simulated(const JobFormat::Runs& runs) {
  return std::any_of(runs.begin(), runs.end(), [](const auto& job) {
    return std::any_of(job.second.begin(), job.second.end(), [](const auto& run) { return flag_at(run, "simulated"); });
  });
}

// Prints sacct's output unchanged.
int print_sacct(const std::vector<std::string>& arguments) {
  const auto output = sacct_output(arguments);
  if (!output) return print_error(output.error().message);
  fmt::print("{}", *output);
  return 0;
}

int print_help_format() {
  if (const int status = print_sacct({"--helpformat"}); status != 0) return status;
  fmt::print("\nFields of slurm-carbon; empty if not known, and for steps, as energy is metered per job.\n\n");
  for (const auto& field : job_fields()) fmt::print("{:<16} {}\n", field.name, field.help);
  return 0;
}

// The exit status. Without the ledger, sacct's columns were still printed.
int finish(const Result<JobFormat::Runs>& runs) {
  if (!runs) return print_error(runs.error().message + "; energy and emissions are left empty");
  if (any_simulated(*runs)) print_simulated_note();
  return 0;
}

// The start of a job in sacct's JSON as unix seconds, in newer versions {"set": true, "number": 1764000000}; "" where it has
// none.
std::string start_of(const nlohmann::ordered_json& job) {
  const auto times = job.find("time");
  if (times == job.end() || !times->is_object()) return "";
  const auto start = times->find("start");
  if (start == times->end()) return "";
  const auto seconds = start->is_object() ? start->value("number", nlohmann::ordered_json()) : *start;
  return seconds.is_number_integer() && seconds > 0 ? seconds.dump() : "";
}

// sacct's own JSON with the ledger's runs of each job in it, under "carbon"; with -D each run has its own alone.
int print_json(const JobsOptions& options, Controller& controller) {
  auto arguments = options.sacct.selection;
  arguments.emplace_back("--json");
  const auto output = sacct_output(arguments);
  if (!output) return print_error(output.error().message);
  auto answer = nlohmann::ordered_json::parse(*output, nullptr, false);
  if (!answer.is_object() || !answer["jobs"].is_array()) return print_error("sacct --json: the output has no list of jobs");
  const auto key_of = [](const nlohmann::ordered_json& job) {
    return JobFormat::Key(job.value("cluster", ""), fmt::format("{}", job.value("job_id", 0U)));
  };
  SacctTable rows;  // the key of the join alone
  for (const auto& job : answer["jobs"]) {
    auto [cluster, id] = key_of(job);
    rows.rows.push_back({std::move(cluster), std::move(id), start_of(job)});
  }
  const auto runs = fetch_runs(controller, JobFormat::jobs_in(rows));
  const auto by_row = JobFormat::runs_by_row(rows, runs ? *runs : JobFormat::Runs(), options.sacct.duplicates);
  for (std::size_t i = 0; i < by_row.size(); ++i) answer["jobs"][i]["carbon"] = nlohmann::ordered_json(by_row[i]);
  fmt::print("{}\n", answer.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  return finish(runs);
}

int run_jobs(const JobsOptions& options, const Session& session) {
  if (options.help_format) return print_help_format();
  if (options.script || options.environment) {
    auto arguments = options.sacct.selection;
    arguments.emplace_back(options.script ? "--batch-script" : "--env-vars");
    return print_sacct(arguments);
  }
  const auto config = session.config();
  if (!config) return print_error(config.error().message);
  Controller controller(*config);
  if (options.json) return print_json(options, controller);
  const auto format = JobFormat::make(options.sacct.format);
  if (!format) return print_error(format.error().message);
  const bool padded = options.style.layout == TableLayout::kPadded;
  const auto sacct = format->run(options.sacct.selection, padded ? SacctLayout::kPadded : SacctLayout::kParsable);
  if (!sacct) return print_error(sacct.error().message);
  const auto runs = fetch_runs(controller, JobFormat::jobs_in(*sacct));
  const auto table = format->join(*sacct, runs ? *runs : JobFormat::Runs(), options.sacct.duplicates);
  if (!table) return print_error(table.error().message);
  fmt::print("{}", print_table(*table, options.style));
  return finish(runs);
}

}  // namespace

Command jobs_command(CLI::App& parent, const Session& session) {
  auto options = std::make_shared<JobsOptions>();
  CommandLine app(parent, "jobs", "Show sacct's rows and columns, with energy and emissions");
  app.footer(
      "Rows and columns of sacct are exactly sacct's: it runs as you, and Slurm's rules decide what you see. Energy is metered\n"
      "per job, so the rows of steps have none. Examples:\n"
      "  scarbon jobs -X -S now-7days                      your jobs of a week, one row each\n"
      "  scarbon jobs -j 1234 -o JobID,State,Co2eG,Method  one job, by field\n"
      "  scarbon jobs -a -S 2026-11-01 -P -n -o User,Co2eG for scripts\n"
      "Exit status: 0; 1 if sacct or carbonctld failed (if only carbonctld failed, sacct's columns are still shown).");
  add_sacct_options(*app.app(), options->sacct);
  add_table_options(app, options->style);
  app.add_flag("--json", options->json,
               "print sacct's JSON, with the ledger's runs of each job under \"carbon\"; with -D each run has its own alone");
  app.add_flag("-e,--helpformat", options->help_format, "list the fields, sacct's and slurm-carbon's");
  app.add_flag("-B,--batch-script", options->script, "print the batch script of a job, as sacct does");
  app.add_flag("--env-vars", options->environment, "print the environment of a job's batch script, as sacct does");
  return {app.app(), [options, &session] { return run_jobs(*options, session); }};
}

}  // namespace carbon::scarbon

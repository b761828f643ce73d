// SPDX-License-Identifier: Apache-2.0
// scarbon jobs: sacct's rows and columns from sacct itself, with the ledger's columns joined to them.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "scarbon/command.h"
#include "scarbon/controller_client.h"
#include "scarbon/reports/job_format.h"
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

// What sacct prints, as it is.
int print_sacct(std::vector<std::string> arguments) {
  const auto output = sacct_output(arguments);
  if (!output) return complain(output.error().message);
  fmt::print("{}", *output);
  return 0;
}

int print_help_format() {
  if (const int status = print_sacct({"--helpformat"}); status != 0) return status;
  fmt::print("\nFields of slurm-carbon; empty where nothing is known, and for steps: energy is metered by job.\n\n");
  for (const auto& field : job_fields()) fmt::print("{:<16} {}\n", field.name, field.help);
  return 0;
}

// The end of a command whose ledger did not answer: what sacct knows was shown.
int ended(const Result<JobFormat::Runs>& runs) {
  if (!runs) return complain(runs.error().message + "; energy and emission are left empty");
  if (any_simulated(*runs)) say_simulated();
  return 0;
}

// sacct's own JSON with the ledger's runs of each job in it, under "carbon".
int print_json(const JobsOptions& options, Controller& controller) {
  auto arguments = options.sacct.selection;
  arguments.emplace_back("--json");
  const auto output = sacct_output(arguments);
  if (!output) return complain(output.error().message);
  auto answer = nlohmann::ordered_json::parse(*output, nullptr, false);
  if (!answer.is_object() || !answer["jobs"].is_array()) return complain("sacct --json: no list of jobs in its output");
  const auto key_of = [](const nlohmann::ordered_json& job) {
    return JobFormat::Key(job.value("cluster", ""), fmt::format("{}", job.value("job_id", 0U)));
  };
  std::vector<JobFormat::Key> jobs;
  for (const auto& job : answer["jobs"]) jobs.push_back(key_of(job));
  const auto runs = ask_runs(controller, jobs);
  for (auto& job : answer["jobs"]) {
    const auto found = runs ? runs->find(key_of(job)) : JobFormat::Runs::const_iterator();
    job["carbon"] = runs && found != runs->end() ? nlohmann::ordered_json(found->second) : nlohmann::ordered_json::array();
  }
  fmt::print("{}\n", answer.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  return ended(runs);
}

int run_jobs(const JobsOptions& options, const Session& session) {
  if (options.help_format) return print_help_format();
  if (options.script || options.environment) {
    auto arguments = options.sacct.selection;
    arguments.emplace_back(options.script ? "--batch-script" : "--env-vars");
    return print_sacct(std::move(arguments));
  }
  const auto config = session.config();
  if (!config) return complain(config.error().message);
  Controller controller(*config);
  if (options.json) return print_json(options, controller);
  const auto format = JobFormat::make(options.sacct.format);
  if (!format) return complain(format.error().message);
  const bool padded = options.style.layout == TableLayout::kPadded;
  const auto sacct = format->run(options.sacct.selection, padded ? SacctLayout::kPadded : SacctLayout::kParsable);
  if (!sacct) return complain(sacct.error().message);
  const auto runs = ask_runs(controller, JobFormat::jobs_in(*sacct));
  const auto table = format->join(*sacct, runs ? *runs : JobFormat::Runs(), options.sacct.duplicates);
  if (!table) return complain(table.error().message);
  fmt::print("{}", print_table(*table, options.style));
  return ended(runs);
}

}  // namespace

Command jobs_command(CLI::App& parent, const Session& session) {
  auto options = std::make_shared<JobsOptions>();
  auto* app = parent.add_subcommand("jobs", "sacct's rows and columns, with energy and emission");
  app->footer(
      "A row and a column of sacct is sacct's own, to the byte: sacct runs, as you, and Slurm's rules say what you see. Energy "
      "is\n"
      "metered by job, so a step's row has none. Examples:\n"
      "  scarbon jobs -X -S now-7days                      your jobs of a week, a row each\n"
      "  scarbon jobs -j 1234 -o JobID,State,Co2eG,Method  one job, by field\n"
      "  scarbon jobs -a -S 2026-11-01 -P -n -o User,Co2eG for scripts\n"
      "Exit status: 0; 1 where sacct or carbonctld failed (sacct's columns are still shown where carbonctld does not answer).");
  add_sacct_options(*app, options->sacct);
  add_table_options(*app, options->style);
  app->add_flag("--json", options->json, "sacct's JSON, with each job's runs as the ledger has them under \"carbon\"");
  app->add_flag("-e,--helpformat", options->help_format, "list the fields, sacct's and slurm-carbon's");
  app->add_flag("-B,--batch-script", options->script, "print the batch script of a job, as sacct does");
  app->add_flag("--env-vars", options->environment, "print the environment of a job's batch script, as sacct does");
  return {app, [options, &session] { return run_jobs(*options, session); }};
}

}  // namespace carbon::scarbon

// SPDX-License-Identifier: Apache-2.0
// scarbon study: energy, emissions and costs of a set of jobs. sacct selects the jobs, the ledger has their energy.
#include <fmt/format.h>
#include <fnmatch.h>

#include <memory>

#include "core/slurm/tres.h"
#include "scarbon/command.h"
#include "scarbon/controller_client.h"
#include "scarbon/reports/study.h"
#include "scarbon/sacct/ledger_runs.h"
#include "scarbon/texts.h"

namespace carbon::scarbon {
namespace {

struct StudyOptions {
  std::vector<std::string> selection{"--allocations"};
  std::string name, comment, final_run;
  TableStyle style;
  bool json = false, started = false, of_jobs = false;
};

// The columns requested from sacct, after JobFormat's key.
enum Column : std::size_t { kJobId = 3, kName, kComment, kState, kSeconds, kTres, kEnd, kSubmitLine };
constexpr const char* kFields = "JobID,JobName,Comment,State,ElapsedRaw,AllocTRES,End,SubmitLine";

double gpus_of(const std::string& tres) { return gpus_in_tres(tres).value_or(GpuSum{}).count; }

Settings settings_of(const std::vector<std::string>& row) {
  for (const auto column : {kComment, kName, kSubmitLine}) {
    if (auto found = settings_in(row[column]); !found.empty()) return found;
  }
  return {};
}

void add_run(Trial& trial, const nlohmann::json& run) {
  const auto add = [](std::optional<double>& sum, std::optional<double> value) {
    if (value) sum = sum.value_or(0) + *value;
  };
  const auto kwh = number_at(run, "energy_kwh");
  trial.complete = trial.complete && kwh && flag_at(run, "complete");
  add(trial.kwh, kwh);
  add(trial.grams, number_at(run, "co2e_g"));
  if (kwh) {
    const double facility = *kwh * number_at(run, "pue").value_or(1);
    add(trial.facility_kwh, facility);
    add(trial.covered_kwh, facility * number_at(run, "coverage").value_or(0));
    add(trial.uncertainty_kwh, number_at(run, "uncertainty_kwh"));
    add(trial.estimated_kwh, number_at(run, "estimated_kwh"));
  }
  for (const auto& [key, list] :
       {std::pair("method", &trial.methods), {"intensity", &trial.intensities}, {"provider", &trial.providers}}) {
    if (const auto text = text_at(run, key); !text.empty()) list->push_back(text);
  }
  trial.simulated = trial.simulated || flag_at(run, "simulated");
}

// A job that was cancelled while it waited has no start, or one that is its end.
Trial::Progress progress_of(const Trial& t, double elapsed_s, const JobRuns& runs) {
  if (t.state == "PENDING" || t.state == "RUNNING" || t.state == "SUSPENDED") return Trial::Progress::kGoesOn;
  if (runs.empty() && (!t.start || (elapsed_s <= 0 && t.end))) return Trial::Progress::kNeverBegan;
  return t.end || !runs.empty() ? Trial::Progress::kEnded : Trial::Progress::kGoesOn;
}

Trial trial_of(const std::vector<std::string>& row, const JobRuns& runs) {
  Trial t;
  t.id = row[kJobId];
  t.name = row[kName];
  t.state = row[kState].substr(0, row[kState].find(' '));
  t.settings = settings_of(row);
  t.start = sacct_time(row[2]);
  t.end = sacct_time(row[kEnd]);
  const double elapsed_s = std::atof(row[kSeconds].c_str());
  t.progress = progress_of(t, elapsed_s, runs);
  t.seen = !runs.empty();
  t.complete = t.seen;
  t.gpu_hours = gpus_of(row[kTres]) * elapsed_s / 3600;
  double gpu_seconds = 0;  // of all runs; sacct's row has only the last
  for (const auto& run : runs) {
    add_run(t, run);
    gpu_seconds += number_at(run, "gpu_s").value_or(0);
  }
  t.gpu_hours = std::max(t.gpu_hours, gpu_seconds / 3600);
  return t;
}

Result<std::vector<Trial>> trials_of(const StudyOptions& options, Controller& controller) {
  const auto format = JobFormat::make({{FormatPart::kFields, kFields}});
  if (!format) return format.error();
  auto selection = options.selection;
  if (!options.started && !options.of_jobs) selection.emplace_back("--starttime=1970-01-02");
  use_unix_times();
  auto sacct = format->run(selection, SacctLayout::kParsable);
  if (!sacct) return sacct.error();
  const auto like = [](const std::string& pattern, const std::string& text) {
    return pattern.empty() || ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
  };
  std::erase_if(sacct->rows,
                [&](const auto& row) { return !like(options.name, row[kName]) || !like(options.comment, row[kComment]); });
  const auto runs = fetch_runs(controller, JobFormat::jobs_in(*sacct));
  if (!runs) return runs.error();
  const auto by_row = JobFormat::runs_by_row(*sacct, *runs, false);
  std::vector<Trial> trials;
  for (std::size_t i = 0; i < sacct->rows.size(); ++i) trials.push_back(trial_of(sacct->rows[i], by_row[i]));
  return trials;
}

Table trials_table(const Study& study) {
  Table table{{"JobID", "JobName", "State", "GpuHours", "EnergyKWh", "Co2eG", "Coverage%", "Complete", "Settings"},
              {12, 20, 10, 9, 10, 10, 9, 8, -40},
              {}};
  for (const auto& t : study.trials) {
    std::string settings;
    for (const auto& [name, value] : t.settings) {
      if (!settings.empty()) settings += ' ';
      settings.append(name).append("=").append(value);
    }
    table.rows.push_back({t.id, t.name, t.state, figure(t.gpu_hours), figure(t.kwh), figure(t.grams), percent(t.coverage()),
                          t.complete ? "yes" : "no", settings});
  }
  return table;
}

Table spread_table(const Study& study) {
  Table table{
      {"Setting", "Value", "Trials", "Known", "EnergyKWh", "MeanG", "LeastG", "MostG"}, {-16, -16, 6, 6, 10, 10, 10, 10}, {}};
  for (const auto& s : study.spread)
    table.rows.push_back({s.setting, s.value, std::to_string(s.trials), std::to_string(s.known), figure(s.kwh), figure(s.mean_g),
                          figure(s.least_g), figure(s.most_g)});
  return table;
}

void print_summary(const Study& s, const config::Prices& prices) {
  const auto line = [](const char* label, const std::string& value) { fmt::print("{}: {}\n", tr(label), value); };
  line("Trials", fmt::format("{}", s.trials.size()));
  line("GPU-hours", figure(s.gpu_hours));
  const std::string unknown = tr("not known");
  line("Energy", s.kwh ? trf("{} kWh, {} kWh with PUE", figure(s.kwh), figure(s.facility_kwh)) : unknown);
  line("Emission", s.grams ? trf("{} g CO2e, of {} % of the energy", figure(s.grams), percent(s.coverage())) : unknown);
  if (s.final_run) {
    line("Final run", s.multiplier_is_least
                          ? trf("job {}: {} kWh; the whole search took at least {} times that", s.trials[*s.final_run].id,
                                figure(s.trials[*s.final_run].kwh), figure(s.multiplier))
                          : trf("job {}: {} kWh; the whole search took {} times that", s.trials[*s.final_run].id,
                                figure(s.trials[*s.final_run].kwh), figure(s.multiplier)));
  }
  const auto money = [&prices](double x) { return fmt::format("{:.2f} {}", x, prices.currency); };
  line("Electricity", s.facility_kwh ? money(s.costs.electricity) : unknown);
  line("The same GPU-hours in the cloud",
       trf("{} (preemptible) to {} (on demand)", money(s.costs.cloud_least), money(s.costs.cloud_most)));
  line("On own hardware",
       trf("{} with electricity, {} GPUs bought for this study alone", money(s.costs.own_total), s.costs.own_gpus));
  line("Prices", prices.source);
  for (const auto& gap : study_gaps(s)) fmt::print("{}\n", gap);
}

int run_study(const StudyOptions& options, const Session& session) {
  const auto config = session.config();
  if (!config) return print_error(config.error().message);
  Controller controller(*config);
  auto trials = trials_of(options, controller);
  if (!trials) return print_error(trials.error().message);
  const auto study = study_of(std::move(*trials), options.final_run, config->prices);
  if (!study) return print_error(study.error().message);
  if (study->trials.empty()) {
    return print_error("none of the selected jobs has ended: " + std::to_string(study->running) + " still wait or run, " +
                       std::to_string(study->never_began) + " never began");
  }
  if (options.json) {
    auto answer = study_json(*study, config->prices);
    answer["paragraph"] = study_paragraph(*study);
    fmt::print("{}\n", answer.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return 0;
  }
  if (options.style.layout != TableLayout::kPadded) {  // for scripts: only the trials
    fmt::print("{}", print_table(trials_table(*study), options.style));
    return 0;
  }
  print_summary(*study, config->prices);
  fmt::print("\n{}", print_table(trials_table(*study), options.style));
  if (!study->spread.empty())
    fmt::print("\n{}\n{}", tr("Emissions by setting"), print_table(spread_table(*study), options.style));
  fmt::print("\n{}\n{}\n", tr("For a paper"), study_paragraph(*study));
  if (study->simulated) print_simulated_note();
  return 0;
}

}  // namespace

Command study_command(CLI::App& parent, const Session& session) {
  auto options = std::make_shared<StudyOptions>();
  CommandLine app(parent, "study", "Sum up a set of jobs, such as a search for a model's settings");
  const auto value = [&](const char* names, const char* passed_on, const char* help) {
    app.add_option_function(
        names, [options, passed_on](const std::string& v) { options->selection.push_back(std::string(passed_on) + '=' + v); },
        help);
  };
  value("-W,--wckeys", "--wckeys", "jobs of these wckeys");
  value("-A,--accounts,--account", "--accounts", "jobs of these accounts");
  value("-u,--user", "--user", "jobs of these users (default: your own)");
  value("-r,--partition", "--partition", "jobs of these partitions");
  value("-E,--endtime,--end", "--endtime", "jobs before this time (default: now)");
  app.add_option_function(
      "-j,--jobs,--job",
      [options](const std::string& v) {
        options->selection.push_back("--jobs=" + v);
        options->of_jobs = true;
      },
      "these jobs, separated by commas; an array's id means all its tasks");
  app.add_option_function(
      "-S,--starttime,--start",
      [options](const std::string& v) {
        options->selection.push_back("--starttime=" + v);
        options->started = true;
      },
      "jobs after this time, in sacct's time formats (default: all)");
  app.add_flag_callback(
      "-a,--allusers", [options] { options->selection.emplace_back("--allusers"); },
      "jobs of all users, as far as Slurm lets you see them");
  app.add_option("--name", options->name, "jobs whose name matches this pattern (*: any text, ?: any character)");
  app.add_option("--comment", options->comment,
                 "jobs whose comment matches this pattern (needs AccountingStoreFlags=job_comment)");
  app.add_option("--final", options->final_run, "the job that is the final run (default: the last completed one)");
  app.add_flag("--json", options->json, "print JSON");
  add_table_options(app, options->style);
  app.footer(
      "A trial's settings are read from its comment, its name or its command line: --param lr=0.1 --param batch=32, as in\n"
      "  sbatch --comment='--param lr=0.1' train.sh\n"
      "Prices are in carbon.conf, [prices]; the defaults are those of Strubell et al. 2019. Own hardware: as many GPUs as the\n"
      "study used at a time on average, bought for it alone, and the electricity. -P, -p and --csv print only the trials.\n"
      "Examples:\n"
      "  scarbon study -W bert-search\n"
      "  scarbon study --name 'lr-*' -S 2026-11-01 --final 4711\n"
      "  scarbon study -j 4700          a job array\n"
      "Exit status: 0; 1 if there is no such job, or sacct or carbonctld failed.");
  return {app.app(), [options, &session] { return run_study(*options, session); }};
}

}  // namespace carbon::scarbon

// SPDX-License-Identifier: Apache-2.0
// scarbon backfill: requests the summaries that Slurm's records lack, and estimates jobs that ran before slurm-carbon.
#include <fmt/format.h>

#include <memory>

#include "scarbon/command.h"
#include "scarbon/controller_client.h"
#include "scarbon/replay/progress.h"
#include "scarbon/sacct/backfill.h"
#include "scarbon/sacct/ledger_runs.h"

namespace carbon::scarbon {
namespace {

struct BackfillOptions {
  std::string start, end = "now-1days";
  bool no_estimates = false, dry_run = false;
};

constexpr std::size_t kBatch = 500;

struct Work {
  std::vector<ledger::EnergyRecord> estimates;
  nlohmann::json summaries = nlohmann::json::array();
  std::size_t runs = 0, without_gpu = 0, running = 0, never_began = 0;
};

Work work_of(const SacctTable& sacct, const JobFormat::Runs& runs, Watts gpu_power) {
  Work work;
  const auto jobs = past_jobs(sacct.rows);
  static const JobRuns kNone;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto& job = jobs[i];
    ++work.runs;
    const auto found = runs.find({job.cluster, std::to_string(job.job_id)});
    const auto& known = found == runs.end() ? kNone : found->second;
    const bool last = i + 1 == jobs.size() || jobs[i + 1].job_id != job.job_id || jobs[i + 1].cluster != job.cluster;
    if (!job.start) {
      ++work.never_began;
    } else if (!job.end) {
      ++work.running;
    } else if (const auto* run = run_during(known, {*job.start, *job.end})) {
      if (last && lacks_summary(job, known))
        work.summaries.push_back({{"cluster", job.cluster}, {"job_id", job.job_id}, {"start", run->value("start", "")}});
    } else if (*job.end == *job.start) {
      ++work.never_began;  // cancelled while it waited
    } else if (auto estimate = estimate_of(job, gpu_power)) {
      work.estimates.push_back(std::move(*estimate));
    } else {
      ++work.without_gpu;
    }
  }
  return work;
}

Status send(const Work& work, Controller& controller) {
  Progress estimated("estimates"), requested("summaries");
  for (std::size_t at = 0; at < work.estimates.size(); at += kBatch) {
    std::string list;
    for (std::size_t i = at; i < std::min(work.estimates.size(), at + kBatch); ++i)
      list += (list.empty() ? "[" : ",") + to_json(work.estimates[i]);
    const auto stored = controller.post("/v1/estimates", list + "]");
    if (!stored) return stored.error();
    estimated(std::min(at + kBatch, work.estimates.size()), work.estimates.size());
  }
  for (std::size_t at = 0; at < work.summaries.size(); at += kBatch) {
    auto part = nlohmann::json::array();
    for (std::size_t i = at; i < std::min(work.summaries.size(), at + kBatch); ++i) part.push_back(work.summaries[i]);
    const auto accepted = controller.post(
        "/v1/summaries", nlohmann::json{{"jobs", part}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    if (!accepted) return accepted.error();
    requested(std::min(at + kBatch, work.summaries.size()), work.summaries.size());
  }
  return Done{};
}

int run_backfill(const BackfillOptions& options, const Session& session) {
  const auto config = session.config();
  if (!config) return print_error(config.error().message);
  Controller controller(*config);
  const auto format = JobFormat::make({{FormatPart::kFields, kPastFields}});
  if (!format) return print_error(format.error().message);
  use_unix_times();
  const auto sacct = format->run({"--allusers", "--allocations", "--duplicates", "--starttime=" + options.start,
                                  "--endtime=" + options.end, "--state=bf,ca,cd,dl,f,nf,oom,pr,r,rq,s,to"},
                                 SacctLayout::kParsable);
  if (!sacct) return print_error(sacct.error().message);
  const auto runs = fetch_runs(controller, JobFormat::jobs_in(*sacct));
  if (!runs) return print_error(runs.error().message);
  auto work = work_of(*sacct, *runs, config->placement.gpu_power);
  if (options.no_estimates) work.estimates.clear();
  if (!options.dry_run) {
    if (const auto sent = send(work, controller); !sent) return print_error(sent.error().message);
  }
  fmt::print(
      "{} runs of jobs checked; {} summaries {}; {} runs {} at {:.0f} W per GPU; skipped: {} without GPUs, {} still running, {} "
      "never "
      "began\n",
      work.runs, work.summaries.size(), options.dry_run ? "to be requested" : "requested", work.estimates.size(),
      options.dry_run ? "to be estimated" : "estimated", config->placement.gpu_power.value(), work.without_gpu, work.running,
      work.never_began);
  return 0;
}

}  // namespace

Command backfill_command(CLI::App& parent, const Session& session) {
  auto options = std::make_shared<BackfillOptions>();
  CommandLine app(parent, "backfill",
                  "Write summaries that Slurm's records lack, and estimate jobs that ran before slurm-carbon");
  app.add_option("-S,--starttime,--start", options->start, "jobs after this time; sacct's time formats").required();
  app.add_option("-E,--endtime,--end", options->end, "jobs before this time; for later jobs, nodes may still send records")
      .show_default();
  app.add_flag("--no-estimates", options->no_estimates, "write summaries only");
  app.add_flag("-n,--dry-run", options->dry_run, "print what would be done, but do nothing");
  app.footer(
      "For root and SlurmUser. A run that is not in the ledger is estimated: each of its GPUs draws [placement] gpu_power of\n"
      "carbon.conf from its start to its end, at the best known carbon intensity of its site, else its static feed's or its\n"
      "country's yearly factor. A job that still runs is left out.\n"
      "Its method is \"estimated\", in scarbon jobs and in Slurm's record; its uncertainty is six sevenths of its energy. A\n"
      "node's own record, if it arrives later, replaces the estimate. Running the command again changes nothing.\n"
      "Example: scarbon backfill -S 2026-01-01 --dry-run\n"
      "Exit status: 0; 1 if sacct or carbonctld failed.");
  return {app.app(), [options, &session] { return run_backfill(*options, session); }};
}

}  // namespace carbon::scarbon

// SPDX-License-Identifier: Apache-2.0
#include "scarbon/sacct/sacct_options.h"

#include <CLI/CLI.hpp>
#include <array>

namespace carbon::scarbon {
namespace {

struct Passed {
  const char* names;  // sacct's, and common abbreviations
  const char* passed_on;
  const char* help;
};

constexpr std::array<Passed, 19> kWithValue{{
    {"-S,--starttime,--start", "--starttime",
     "jobs in any state after this time (default: 00:00:00 of today; with -s: now); times as 2026-11-01, 11/01-14:30, midnight, "
     "now-7days"},
    {"-E,--endtime,--end", "--endtime", "jobs in any state before this time (default: now)"},
    {"-u,--user,--uid", "--user", "jobs of these users, separated by commas (default: your own; root: all)"},
    {"-A,--accounts,--account", "--accounts", "jobs of these accounts"},
    {"-j,--jobs,--job", "--jobs", "these jobs or steps: 12, 12_3 (a task of an array), 12+1 (of a heterogeneous job), 12.batch"},
    {"-M,--clusters,--cluster", "--clusters", "jobs of these clusters; all: of all clusters"},
    {"-N,--nodelist", "--nodelist", "jobs that ran on one of these nodes; n[1-4] is a list"},
    {"--name", "--name", "jobs of these names"},
    {"-q,--qos", "--qos", "jobs of these QOS"},
    {"-r,--partition", "--partition", "jobs of these partitions"},
    {"-s,--state", "--state", "jobs in these states during the selected time: cd (completed), ca (cancelled), f, to, r, pd, ..."},
    {"-W,--wckeys", "--wckeys", "jobs of these wckeys"},
    {"-g,--gid,--group", "--gid", "jobs of these groups"},
    {"-i,--nnodes", "--nnodes", "jobs with this number of nodes: N or MIN-MAX"},
    {"-I,--ncpus", "--ncpus", "jobs with this number of CPUs: N or MIN-MAX"},
    {"-k,--timelimit-min", "--timelimit-min", "jobs with this time limit; with -K: jobs with at least this time limit"},
    {"-K,--timelimit-max", "--timelimit-max", "with -k: jobs with at most this time limit"},
    {"-x,--associations", "--associations", "jobs of these association ids"},
    {"--units", "--units", "show sacct's sizes in this unit: K, M, G, T or P"},
}};

constexpr std::array<Passed, 9> kFlags{{
    {"-a,--allusers", "--allusers", "jobs of all users, as far as Slurm lets you see them"},
    {"-L,--allclusters", "--allclusters", "jobs of all clusters"},
    {"-X,--allocations", "--allocations", "one row per job, without its steps"},
    {"-T,--truncate", "--truncate", "truncate the jobs' times to the selected time"},
    {"--noconvert", "--noconvert", "show sacct's sizes without converting units"},
    {"--array", "--array", "one row per task also for pending arrays"},
    {"--federation", "--federation", "jobs of the whole federation"},
    {"--local", "--local", "jobs of this cluster only"},
    {"--use-local-uid", "--use-local-uid", "look up users by their id on this host"},
}};

}  // namespace

void add_sacct_options(CLI::App& app, SacctOptions& options) {
  const std::string group = "Options of sacct";
  for (const auto& o : kWithValue) {
    app.add_option_function<std::string>(
           o.names, [&options, &o](const std::string& v) { options.selection.push_back(std::string(o.passed_on) + '=' + v); },
           o.help)
        ->group(group);
  }
  for (const auto& o : kFlags) {
    app.add_flag_callback(
           o.names, [&options, &o] { options.selection.emplace_back(o.passed_on); }, o.help)
        ->group(group);
  }
  app.add_flag_callback(
         "-D,--duplicates",
         [&options] {
           options.selection.emplace_back("--duplicates");
           options.duplicates = true;
         },
         "one row per run of a requeued job, each with its energy; without it the last run's row has the energy of all runs")
      ->group(group);
  app.add_option_function<std::string>(
         "--whole-hetjob",
         [&options](const std::string& v) { options.selection.push_back("--whole-hetjob" + (v.empty() ? "" : '=' + v)); },
         "yes or no: all components of a heterogeneous job if one is selected")
      ->expected(0, 1)
      ->group(group);
  const auto part = [&](const char* names, FormatPart::Kind kind, const char* help) {
    app.add_flag_callback(
           names,
           [&options, kind] {
             options.format.push_back({kind, ""});
           },
           help)
        ->trigger_on_parse()
        ->group(group);
  };
  part("-b,--brief", FormatPart::kBrief, "JobID, State, ExitCode, and the job's energy and emissions");
  part("-l,--long", FormatPart::kLong, "all fields of sacct -l and of slurm-carbon");
  app.add_option_function<std::vector<std::string>>(
         "-o,--format",
         [&options](const std::vector<std::string>& v) {
           for (const auto& text : v) options.format.push_back({FormatPart::kFields, text});
         },
         "fields of sacct and of slurm-carbon, separated by commas; NAME%20 is 20 wide, NAME%-20 left-justified "
         "(--helpformat lists them)")
      ->expected(1)
      ->trigger_on_parse()
      ->group(group);
}

}  // namespace carbon::scarbon

// SPDX-License-Identifier: Apache-2.0
// scarbon doctor: looks at a site's set-up as a careful colleague would, and says what to change.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "scarbon/command.h"
#include "scarbon/doctor/examinations.h"

namespace carbon::scarbon {
namespace {

using doctor::Examination;
using doctor::Finding;
using doctor::Host;
using doctor::Level;

struct DoctorOptions {
  std::string node, slurm_conf, nvml;
  bool json = false;
};

const char* word_of(Level level) { return level == Level::kProblem ? "problem" : "advice"; }

std::string part_of(const Host& host) {
  std::string part = host.controller ? "slurmctld's host" : "";
  if (!host.node.empty()) part += (part.empty() ? "" : ", ") + ("node " + host.node);
  return (part.empty() ? "a login node" : part) + (host.root ? "" : ", not as root");
}

void print_finding(const Finding& f) {
  fmt::print("{:<8} {}: {}\n", word_of(f.level), f.name, f.what);
  fmt::print("         at     {}\n", f.where);
  if (!f.found.empty()) fmt::print("         there  {}\n", f.found);
  fmt::print("         mend   {}\n", f.fix);
}

void print_text(const Host& host, const std::vector<Examination>& all, std::size_t problems, std::size_t advice) {
  fmt::print("Looked at from {}: {}, {}\n", part_of(host), host.carbon_file.string(), host.slurm_file.string());
  for (const auto& e : all) {
    fmt::print("\n{}\n", e.topic);
    for (const auto& line : e.sound) fmt::print("ok       {}\n", line);
    for (const auto& finding : e.findings) print_finding(finding);
    for (const auto& line : e.not_checked) fmt::print("unseen   {}\n", line);
  }
  fmt::print("\nproblems: {}, advice: {}\n", problems, advice);
}

nlohmann::json to_json(const Host& host, const std::vector<Examination>& all) {
  auto topics = nlohmann::json::array();
  for (const auto& e : all) {
    auto findings = nlohmann::json::array();
    for (const auto& f : e.findings) {
      findings.push_back({{"name", f.name},
                          {"level", word_of(f.level)},
                          {"what", f.what},
                          {"where", f.where},
                          {"found", f.found},
                          {"mend", f.fix}});
    }
    topics.push_back({{"topic", e.topic}, {"sound", e.sound}, {"findings", std::move(findings)}, {"unseen", e.not_checked}});
  }
  return {{"host", part_of(host)},
          {"carbon_conf", host.carbon_file.string()},
          {"slurm_conf", host.slurm_file.string()},
          {"topics", std::move(topics)}};
}

int run_doctor(const DoctorOptions& options, const Session& session) {
  const auto host = doctor::look_around(
      {session.file(), options.slurm_conf.empty() ? doctor::default_slurm_conf() : std::filesystem::path(options.slurm_conf),
       options.node});
  const auto all = doctor::examine(host, options.nvml);
  std::size_t problems = 0, advice = 0;
  for (const auto& e : all) {
    for (const auto& f : e.findings) ++(f.level == Level::kProblem ? problems : advice);
  }
  if (options.json) {
    fmt::print("{}\n", to_json(host, all).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    print_text(host, all, problems, advice);
  }
  std::fflush(stdout);
  return problems > 0 ? 1 : 0;
}

}  // namespace

Command doctor_command(CLI::App& parent, const Session& session) {
  auto options = std::make_shared<DoctorOptions>();
  auto* app = parent.add_subcommand("doctor", "Look at this site's set-up, and say what to change");
  app->add_option("-N,--node", options->node, "this host's NodeName (default: its short host name, where slurm.conf has it)");
  app->add_option("--slurm-conf", options->slurm_conf,
                  "slurm.conf to read (default: $SLURM_CONF, /etc/slurm/slurm.conf, /run/slurm/conf/slurm.conf)")
      ->type_name("FILE");
  app->add_option("--nvml", options->nvml, "NVML library (default: libnvidia-ml.so.1 as the loader finds it)")->type_name("FILE");
  app->add_flag("--json", options->json, "JSON");
  app->footer(
      "Run it as root on slurmctld's host, on a GPU node and on a login node: each shows a part, and what could not be\n"
      "seen from there is said as unseen. It changes nothing. Each problem and advice has a name that stays, the place,\n"
      "what stands there and the line to write or the command to run.\n"
      "Example: scarbon doctor; srun -w gpu01 scarbon doctor --json\n"
      "Exit status: 0; 1 where there is a problem (advice alone is no problem).");
  return {app, [options, &session] { return run_doctor(*options, session); }};
}

}  // namespace carbon::scarbon

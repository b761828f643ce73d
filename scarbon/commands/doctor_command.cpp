// SPDX-License-Identifier: Apache-2.0
// scarbon doctor: checks an installation and prints each fault with its fix.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "core/slurm/slurmd_query.h"
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
  fmt::print("{:<13}{}: {}\n", word_of(f.level), f.name, f.what);
  fmt::print("{:13}at     {}\n", "", f.where);
  if (!f.found.empty()) fmt::print("{:13}found  {}\n", "", f.found);
  fmt::print("{:13}fix    {}\n", "", f.fix);
}

void print_text(const Host& host, const std::vector<Examination>& all, std::size_t problems, std::size_t advice) {
  fmt::print("Checked from {}: {}, {}\n", part_of(host), host.carbon_file.string(), host.slurm_file.string());
  for (const auto& e : all) {
    fmt::print("\n{}\n", e.topic);
    for (const auto& line : e.sound) fmt::print("{:<13}{}\n", "ok", line);
    for (const auto& finding : e.findings) print_finding(finding);
    for (const auto& line : e.not_checked) fmt::print("{:<13}{}\n", "not checked", line);
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
                          {"fix", f.fix}});
    }
    topics.push_back({{"topic", e.topic}, {"sound", e.sound}, {"findings", std::move(findings)}, {"not_checked", e.not_checked}});
  }
  return {{"host", part_of(host)},
          {"carbon_conf", host.carbon_file.string()},
          {"slurm_conf", host.slurm_file.string()},
          {"topics", std::move(topics)}};
}

int run_doctor(const DoctorOptions& options, const Session& session) {
  const auto host = doctor::look_around(
      {session.file(), options.slurm_conf.empty() ? slurm_conf_file() : std::filesystem::path(options.slurm_conf), options.node});
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
  CommandLine app(parent, "doctor", "Check the installation and print how to fix each fault");
  app.add_option("-N,--node", options->node,
                 "this host's NodeName (default: its short host name, if slurm.conf has such a node)");
  app.add_option("--slurm-conf", options->slurm_conf,
                 "slurm.conf to read (default: $SLURM_CONF, /etc/slurm/slurm.conf, /run/slurm/conf/slurm.conf)")
      .type_name("FILE");
  app.add_option("--nvml", options->nvml, "NVML library (default: libnvidia-ml.so.1 in the loader's path)").type_name("FILE");
  app.add_flag("--json", options->json, "print JSON");
  app.footer(
      "Run it as root on slurmctld's host, on a GPU node and on a login node. Each checks a part; what cannot be checked\n"
      "there is listed as not checked. It changes nothing. Each problem and advice has a stable name, its location, the\n"
      "text found there, and the line to write or the command to run.\n"
      "Examples:\n"
      "  scarbon doctor\n"
      "  srun -w gpu01 scarbon doctor --json\n"
      "Exit status: 0; 1 if there is a problem (advice does not count).");
  return {app.app(), [options, &session] { return run_doctor(*options, session); }};
}

}  // namespace carbon::scarbon

// SPDX-License-Identifier: Apache-2.0
#include "scarbon/doctor/doctor_host.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "scarbon/program.h"

namespace carbon::scarbon::doctor {
namespace {

std::string short_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  const std::string full(name.data());
  return full.substr(0, full.find('.'));
}

bool is_here(const std::string& host) {
  const auto bare = host.substr(0, host.find_first_of("(."));
  return bare == short_name() || bare == "localhost";
}

// Without slurmctld, scontrol fails after its own timeout.
std::map<std::string, std::string> running_config() {
  std::map<std::string, std::string> out;
  const auto output = output_of({"timeout", "20", "scontrol", "show", "config"}, StandardError::kDiscarded);
  if (!output) return out;
  std::istringstream lines(*output);
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find(" = ");
    if (equals == std::string::npos) continue;
    auto value = trimmed(std::string_view(line).substr(equals + 3));
    out[lower(trimmed(line.substr(0, equals)))] = value == "(null)" ? "" : value;
  }
  return out;
}

// This host's NodeName in slurm.conf.
std::string own_node(const ConfFile& slurm) {
  std::string names;
  for (const auto* line : slurm.all("NodeName")) {
    const auto& name = line->value("nodename");
    if (lower(name) != "default") names += (names.empty() ? "" : ",") + name;
  }
  const auto all = names.empty() ? std::vector<std::string>() : expanded(names);
  const auto own = short_name();
  return std::find(all.begin(), all.end(), own) == all.end() ? "" : own;
}

bool controls(const Host& host) {
  if (!host.slurm) return false;
  for (const auto* key : {"SlurmctldHost", "ControlMachine", "BackupController"}) {
    for (const auto* line : host.slurm->all(key)) {
      if (is_here(line->value(lower(key)))) return true;
    }
  }
  return false;
}

}  // namespace

std::vector<std::string> expanded(const std::string& list) {
  std::vector<std::string> out;
  const auto output = output_of({"timeout", "20", "scontrol", "show", "hostnames", list}, StandardError::kDiscarded);
  std::istringstream lines(output ? *output : "");
  for (std::string line; std::getline(lines, line);) out.push_back(line);
  return out;
}

std::string Host::slurm_value(const std::string& key) const {
  const auto* line = slurm ? slurm->find(key) : nullptr;
  if (line != nullptr) return line->value(lower(key));
  const auto it = running.find(lower(key));
  return it == running.end() ? std::string() : it->second;
}

std::string Host::in_carbon_conf(const std::string& section, const std::string& key) const {
  std::ifstream in(carbon_file);
  std::string line, table;
  std::size_t at = 0, of_section = 0;
  while (std::getline(in, line)) {
    ++at;
    const auto text = trimmed(line);
    if (text.starts_with('[')) {
      table = text.substr(0, text.find_last_of(']') + 1);
      if (table == section) of_section = at;
    } else if (table == section && text.starts_with(key) && trimmed(text.substr(key.size())).starts_with('=')) {
      return carbon_file.string() + ':' + std::to_string(at);
    }
  }
  return carbon_file.string() + (of_section > 0 ? ':' + std::to_string(of_section) : "");
}

Host look_around(const HostNames& names) {
  Host host;
  host.root = geteuid() == 0;
  host.carbon_file = names.carbon_file;
  if (auto config = config::load_config(names.carbon_file)) {
    host.config = std::move(*config);
  } else {
    host.config_error = config.error().message;
  }
  host.slurm_file = names.slurm_file;
  if (auto slurm = ConfFile::read(names.slurm_file)) {
    host.slurm = std::move(*slurm);
  } else {
    host.slurm_error = slurm.error().message;
  }
  host.running = running_config();
  host.controller = controls(host);
  host.node = !names.node.empty() ? names.node : host.slurm ? own_node(*host.slurm) : "";
  return host;
}

}  // namespace carbon::scarbon::doctor

// SPDX-License-Identifier: Apache-2.0
// What the checks need to know about this host and its cluster: configuration files, slurmctld's running configuration, and the
// roles of this host.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "scarbon/doctor/conf_file.h"

namespace carbon::scarbon::doctor {

struct Host {
  std::filesystem::path carbon_file;
  std::optional<config::Config> config;
  std::string config_error;  // why there is none

  std::filesystem::path slurm_file;
  std::optional<ConfFile> slurm;
  std::string slurm_error;

  std::map<std::string, std::string> running;  // scontrol show config, by lower-case key; empty: slurmctld does not answer

  bool root = false;
  bool controller = false;  // slurmctld may run here
  std::string node;         // this host's NodeName; empty: it is no compute node

  // The value in slurm.conf, else the one slurmctld runs with; empty: neither has one.
  std::string slurm_value(const std::string& key) const;
  // "/etc/slurm/carbon.conf:12": the line of `key` in `section`, else of the section, else the file. "" is the top level.
  std::string in_carbon_conf(const std::string& section, const std::string& key) const;
};

struct HostNames {
  std::filesystem::path carbon_file, slurm_file;
  std::string node;  // empty: determined from this host's name
};

// "n[1-3]", "/dev/nvidia[0-3],/dev/nvidia7" as single names. Runs scontrol show hostnames, which does not need slurmctld.
std::vector<std::string> expanded(const std::string& list);

Host look_around(const HostNames& names);

}  // namespace carbon::scarbon::doctor

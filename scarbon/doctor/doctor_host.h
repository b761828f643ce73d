// SPDX-License-Identifier: Apache-2.0
// What is known of this host and its cluster before anything is examined: the configuration files, what slurmctld runs with, and
// which part this host plays.
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

  std::map<std::string, std::string> running;  // scontrol show config, by key in lower case; empty: slurmctld does not answer

  bool root = false;
  bool controller = false;  // slurmctld may run here
  std::string node;         // this host's NodeName; empty: it is no compute node

  // What slurm.conf says, else what slurmctld runs with; empty: neither says.
  std::string slurm_value(const std::string& key) const;
  // "/etc/slurm/carbon.conf:12": where `key` of `section` stands, or else the section, or else the file. "" is the top level.
  std::string in_carbon_conf(const std::string& section, const std::string& key) const;
};

struct HostNames {
  std::filesystem::path carbon_file, slurm_file;
  std::string node;  // empty: found out by this host's name
};

// "n[1-3]", "/dev/nvidia[0-3],/dev/nvidia7" one by one, as scontrol does it, which needs no slurmctld for that.
std::vector<std::string> expanded(const std::string& list);

// slurm.conf: $SLURM_CONF, /etc/slurm/slurm.conf, or what slurmd fetched where Slurm is configless.
std::filesystem::path default_slurm_conf();
Host look_around(const HostNames& names);

}  // namespace carbon::scarbon::doctor

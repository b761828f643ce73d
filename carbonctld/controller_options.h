// SPDX-License-Identifier: Apache-2.0
// Command-line options of carbonctld, parsed by CLI11.
#pragma once

#include <filesystem>
#include <optional>

#include "config/config.h"

namespace carbon::carbonctld {

struct ControllerOptions {
  std::filesystem::path config = config::default_config_path();
  bool verbose = false;
  bool slurm_helper = false;      // run as the child process that talks to Slurm
  bool check_ledger = false;      // check the ledger and exit
  std::filesystem::path damaged;  // recover this ledger and exit; empty: none
};

// Parses into `options`. Returns the exit code if the program is to end: --help, --version, an error.
std::optional<int> parse_options(int argc, char** argv, ControllerOptions& options);

}  // namespace carbon::carbonctld

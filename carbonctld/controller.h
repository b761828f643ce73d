// SPDX-License-Identifier: Apache-2.0
// The daemon as a whole: its threads and what they share. main.cpp makes one, waits for a signal, and lets it end.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/result.h"

namespace carbon::carbonctld {

// The connection string of the ledger.
std::string ledger_of(const config::ControllerConfig& config);

class Controller {
 public:
  // `slurm_helper`: the command of the child process that talks libslurm (slurm_child.h). `secrets`: carbon-secrets.conf.
  // Opens the ledger and checks the feeds; serves nothing yet.
  static Result<std::unique_ptr<Controller>> make(config::Config config, std::vector<std::string> slurm_helper,
                                                  const std::filesystem::path& secrets);
  // What make() would refuse of the configuration itself: providers, their options, tokens. Touches nothing.
  static Status check(const config::Config& config, const std::filesystem::path& secrets);
  virtual ~Controller() = default;  // ends all threads; what was accepted is stored

  // Starts to poll, to serve and to account.
  virtual Status start() = 0;
  // False where a thread has made no step for so long that the service manager should restart the daemon.
  virtual bool alive() const = 0;
};

}  // namespace carbon::carbonctld

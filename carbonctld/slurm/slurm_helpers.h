// SPDX-License-Identifier: Apache-2.0
// The daemon's helper processes for libslurm: one for each kind of work, so that a slow call delays its own kind alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "carbonctld/slurm/slurm_child.h"

namespace carbon::carbonctld {

struct SlurmHelpers {
  // `command`: see SlurmChild.
  explicit SlurmHelpers(const std::vector<std::string>& command)
      : slurmctld(command, std::chrono::seconds(15)),
        slurmdbd(command, std::chrono::seconds(60)),
        rights(command, std::chrono::seconds(10)),  // a user waits for the answer
        replan(command, std::chrono::seconds(15)) {}

  // See SlurmChild::quit(). Any thread.
  void quit() {
    for (auto* helper : {&slurmctld, &slurmdbd, &rights, &replan}) helper->quit();
  }
  // See SlurmChild::losses(); by name. Any thread.
  std::map<std::string, std::uint64_t> losses() const {
    return {{"slurmctld", slurmctld.losses()},
            {"slurmdbd", slurmdbd.losses()},
            {"rights", rights.losses()},
            {"replan", replan.losses()}};
  }

  SlurmChild slurmctld, slurmdbd, rights, replan;
};

}  // namespace carbon::carbonctld

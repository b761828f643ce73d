// SPDX-License-Identifier: Apache-2.0
// Asks slurmd for its list of this node's GPUs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/slurm/node_gpus.h"
#include "core/time.h"

namespace carbon::inline core {

struct SlurmdQuery {
  std::string slurmd = "slurmd";  // looked up in PATH unless it has a slash
  std::filesystem::path slurm_conf;
  std::string node;
  Duration patience{20'000};  // slurmd is then killed
};

// Runs `slurmd -G`. slurmd's own directories, log and control groups are left alone: it reads a slurm.conf that includes the real
// one, in a temporary directory with links to the other files beside that. So this works for a confined daemon, too.
// Blocks for up to twice `patience`.
Result<std::vector<SlurmGpu>> ask_slurmd_for_gpus(const SlurmdQuery& query);

// $SLURM_CONF, /etc/slurm/slurm.conf, or the copy that slurmd fetched if Slurm is configless.
std::filesystem::path slurm_conf_file();

}  // namespace carbon::inline core

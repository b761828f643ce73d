// SPDX-License-Identifier: Apache-2.0
// Slurm's own list of a node's GPUs. SLURM_JOB_GPUS holds positions in this list, which say nothing of the devices: the list
// follows gres.conf, slurm.conf's Gres= and AutoDetect, not the numbers of the device files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace carbon::inline core {

struct SlurmGpu {
  std::string type;                // as in gres.conf; empty: none
  std::vector<std::string> files;  // "/dev/nvidia0"; of a MIG instance also those in /dev/nvidia-caps
  std::uint32_t shards = 0;        // of gres/shard on this GPU: more than one job may hold it

  bool operator==(const SlurmGpu&) const = default;
};

// Parses what `slurmd -G` prints, of Slurm 22.05 to 26.05: a line for each record, "Gres Name=gpu Type=a100 Count=2 ...
// File=/dev/nvidia[0-1] ...". Other lines are skipped. Element k is position k. GPUs without File= have no position, as in Slurm.
// A record that cannot be read is an error that has its line, since every later position would be wrong.
Result<std::vector<SlurmGpu>> parse_node_gpus(std::string_view text);

// "/dev/nvidia[0-1,07]" as single names, in order; an error where brackets or ranges are wrong, or beyond 4096 names.
Result<std::vector<std::string>> expand_names(std::string_view list);

}  // namespace carbon::inline core

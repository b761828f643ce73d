// SPDX-License-Identifier: Apache-2.0
// The site's choices about which jobs may be moved, from carbon.conf; carbonctld publishes them with the snapshot, so that the
// job_submit plugin reads one file only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/job.h"
#include "core/time.h"
#include "core/units.h"

namespace carbon {

struct PlacementRules {
  bool observe = false;                        // decide and record, change nothing
  CarbonMode default_mode = CarbonMode::kOff;  // for jobs without --carbon
  std::uint32_t min_gpus = 1;                  // smaller jobs are left alone
  Duration max_delay =
      std::chrono::hours(24);            // cap where the user gives no --carbon-max-delay, and the most that he may ask for
  double expected_share_of_limit = 1.0;  // expected run time / time limit, (0, 1]
  Watts gpu_power{400.0};                // expected draw of one allocated GPU
  double min_saving = 0.0;               // leave the job alone unless this share of its emission is saved, [0, 1)
};

// A partition of a site, with the limits that slurmctld applies where the user gives none.
struct PartitionRule {
  std::string name;
  std::uint32_t site = 0;      // index into the sites
  std::uint32_t position = 0;  // its place in Site::partitions: relocation goes to the same place
  Duration default_time{0};    // 0: Slurm gives none
  Duration max_time{0};        // 0: no limit
};

}  // namespace carbon

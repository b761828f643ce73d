// SPDX-License-Identifier: Apache-2.0
// CPU time that a job has used on this node, from its control group if Slurm made one (proctrack/cgroup).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace carbon::energy {

// In microseconds; none if the job has no control group. `sysfs`: "/sys". Version 2: system.slice/<node>_slurmstepd.scope or
// slurmstepd.scope; version 1: the cpuacct controller.
std::optional<std::int64_t> job_cpu_time_us(const std::filesystem::path& sysfs, const std::string& node, std::uint32_t uid,
                                            std::uint32_t job_id);

}  // namespace carbon::energy

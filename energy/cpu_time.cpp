// SPDX-License-Identifier: Apache-2.0
#include "energy/cpu_time.h"

#include <fstream>

namespace carbon::energy {
namespace {

namespace fs = std::filesystem;

std::optional<std::int64_t> usage_in_cpu_stat(const fs::path& file) {
  std::ifstream in(file);
  std::string key;
  std::int64_t value = 0;
  while (in >> key >> value) {
    if (key == "usage_usec") return value;
  }
  return std::nullopt;
}

std::optional<std::int64_t> usage_in_cpuacct(const fs::path& file) {
  std::ifstream in(file);
  std::int64_t ns = 0;
  if (in >> ns) return ns / 1000;
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> job_cpu_time_us(const fs::path& sysfs, const std::string& node, std::uint32_t uid,
                                            std::uint32_t job_id) {
  const auto root = sysfs / "fs" / "cgroup";
  const auto job = "job_" + std::to_string(job_id);
  for (const auto& scope : {node + "_slurmstepd.scope", std::string("slurmstepd.scope")}) {
    if (const auto us = usage_in_cpu_stat(root / "system.slice" / scope / job / "cpu.stat")) return us;
  }
  for (const auto& slurm : {"slurm_" + node, std::string("slurm")}) {
    const auto file = root / "cpuacct" / slurm / ("uid_" + std::to_string(uid)) / job / "cpuacct.usage";
    if (const auto us = usage_in_cpuacct(file)) return us;
  }
  return std::nullopt;
}

}  // namespace carbon::energy

// SPDX-License-Identifier: Apache-2.0
// Finds a plugin as Slurm would, and checks whether Slurm would load it.
#pragma once

#include <filesystem>

#include "core/result.h"
#include "scarbon/doctor/doctor_host.h"
#include "scarbon/doctor/finding.h"

namespace carbon::scarbon::doctor {

// `name`: an absolute path, or the name of a file in one of PluginDir's directories. The error has the name and the directories.
Result<std::filesystem::path> find_plugin(const Host& host, const std::string& name);

enum class Fits : std::uint8_t {
  kExactly,    // slurmctld's plugins: must match the full version
  kByRelease,  // SPANK plugins: must match major.minor
};
// Reports a plugin built for another Slurm than the one that runs here, and one that others can write.
void check_plugin(const Host& host, const std::filesystem::path& file, Fits fits, Examination& out);

}  // namespace carbon::scarbon::doctor

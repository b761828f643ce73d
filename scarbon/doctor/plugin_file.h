// SPDX-License-Identifier: Apache-2.0
// A plugin as Slurm would find it, and whether it would load it.
#pragma once

#include <filesystem>

#include "core/result.h"
#include "scarbon/doctor/doctor_host.h"
#include "scarbon/doctor/finding.h"

namespace carbon::scarbon::doctor {

// `name`: an absolute path, or the name of a file in one of PluginDir's directories. The error names it and where it was looked
// for.
Result<std::filesystem::path> find_plugin(const Host& host, const std::string& name);

enum class Fits : std::uint8_t {
  kExactly,    // plugins of slurmctld: built for the very version
  kByRelease,  // SPANK: for its major.minor
};
// The Slurm that it was built for against the one that runs here, and who may write it.
void check_plugin(const Host& host, const std::filesystem::path& file, Fits fits, Examination& out);

}  // namespace carbon::scarbon::doctor

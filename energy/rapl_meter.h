// SPDX-License-Identifier: Apache-2.0
// Meters of CPU packages and their memory, by RAPL (Intel's and AMD's running average power limit) under class/powercap in sysfs.
// The counters wrap at max_energy_range_uj and are readable by root alone. They are held against the zone's power constraints.
#pragma once

#include <filesystem>

#include "energy/meter.h"

namespace carbon::energy {

// `sysfs`: "/sys", or a test's own tree.
MetersFound find_rapl_meters(const std::filesystem::path& sysfs);

}  // namespace carbon::energy

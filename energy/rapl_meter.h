// SPDX-License-Identifier: Apache-2.0
// CPU packages and their memory by Intel's and AMD's running average power limit, as Linux shows them under class/powercap. The
// counters wrap at max_energy_range_uj and are readable by root alone.
#pragma once

#include <filesystem>

#include "energy/meter.h"

namespace carbon::energy {

// `sysfs`: "/sys", or a test's own tree.
MetersFound find_rapl_meters(const std::filesystem::path& sysfs);

}  // namespace carbon::energy

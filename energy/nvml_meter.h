// SPDX-License-Identifier: Apache-2.0
// Meters of NVIDIA GPUs. Keyed by UUID: NVML's order is PCI order, and minors may change at boot. Uses the total energy counter
// if the GPU has one (Volta and later), else power.
#pragma once

#include <filesystem>
#include <string>

#include "energy/meter.h"

namespace carbon::energy {

// `library`: path of libnvidia-ml.so.1; empty: as the loader finds it. `proc`: "/proc". May hang with the driver.
MetersFound find_nvml_meters(const std::string& library, const std::filesystem::path& proc = "/proc");

}  // namespace carbon::energy

// SPDX-License-Identifier: Apache-2.0
// NVIDIA GPUs. Keyed by UUID: NVML's order is PCI order, and minors may change at boot. The total energy counter (Volta and
// later) is used where there is one, else the power.
#pragma once

#include <string>

#include "energy/meter.h"

namespace carbon::energy {

// `library`: path of libnvidia-ml.so.1; empty: as the loader finds it. May hang with the driver.
MetersFound find_nvml_meters(const std::string& library);

}  // namespace carbon::energy

// SPDX-License-Identifier: Apache-2.0
// Meters of AMD GPUs, by ROCm SMI, loaded at run time. The few functions needed are declared here after its API reference
// (rocm.docs.amd.com).
#pragma once

#include <string>

#include "energy/meter.h"

namespace carbon::energy {

// `library`: path of librocm_smi64.so; empty: as the loader finds it.
MetersFound find_rocm_meters(const std::string& library);

}  // namespace carbon::energy

// SPDX-License-Identifier: Apache-2.0
// Meters of AMD GPUs, by ROCm SMI, loaded at run time. The few functions needed are declared here after its API reference
// (rocm.docs.amd.com). On cards of two dies that share one meter (MI250), each die has a part of the card's energy, by how busy
// the two are; it is labelled as estimated.
#pragma once

#include <string>

#include "energy/meter.h"

namespace carbon::energy {

// `library`: path of librocm_smi64.so; empty: as the loader finds it under any of its names, then in /opt/rocm. Takes 50 ms per
// GPU.
MetersFound find_rocm_meters(const std::string& library);

}  // namespace carbon::energy

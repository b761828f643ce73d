// SPDX-License-Identifier: Apache-2.0
// A test double of librocm_smi64.so: two simulated GPUs of 200 W, of which the second one's counter is stuck, as on some MI100.
#include <cstdint>
#include <cstring>

#include "tests/fakes/fake_gpus.h"

namespace {
constexpr double kWatts = 200;
constexpr float kMicrojoulesPerCount = 15.259F;
}  // namespace

extern "C" {

int rsmi_init(std::uint64_t) { return 0; }

int rsmi_num_monitor_devices(std::uint32_t* count) {
  *count = 2;
  return 0;
}

int rsmi_dev_unique_id_get(std::uint32_t index, std::uint64_t* id) {
  *id = 0xabc0 + index;
  return 0;
}

int rsmi_dev_name_get(std::uint32_t, char* name, std::size_t length) {
  std::strncpy(name, "Simulated AMD GPU", length - 1);
  return 0;
}

int rsmi_dev_energy_count_get(std::uint32_t index, std::uint64_t* count, float* resolution, std::uint64_t* timestamp) {
  const double seconds = carbon::fakes::wall_seconds() - carbon::fakes::PowerCurve::kEpoch;
  *count = index == 1 ? 4711 : static_cast<std::uint64_t>(seconds * kWatts * 1e6 / static_cast<double>(kMicrojoulesPerCount));
  *resolution = kMicrojoulesPerCount;
  *timestamp = 0;
  return 0;
}

int rsmi_dev_power_ave_get(std::uint32_t, std::uint32_t, std::uint64_t* microwatts) {
  *microwatts = static_cast<std::uint64_t>(kWatts * 1e6);
  return 0;
}

int rsmi_dev_power_cap_get(std::uint32_t, std::uint32_t, std::uint64_t* microwatts) {
  *microwatts = 300'000'000;
  return 0;
}

}  // extern "C"

// SPDX-License-Identifier: Apache-2.0
// A test double of librocm_smi64.so. CARBON_FAKE_ROCM names its GPUs, read by each rsmi_init; by default "counter stuck":
//   counter       counts, and reports an average power of 200 W
//   stuck         the same, but its counter stands at one value, as on some MI100
//   mi300         counts, and reports its present power alone
//   card, die     the two dies of an MI250 of 300 W: the first reports the card's power and energy, the second 0
//   dead          reports 0 W and 0 energy
// A name may be followed by :BUSY, its utilisation in per cent, and by #SERIAL. The GPUs follow each other in PCI order.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "tests/fakes/fake_gpus.h"

namespace {

constexpr float kMicrojoulesPerCount = 15.259F;
enum : int { kSuccess = 0, kNotSupported = 2 };

struct Gpu {
  std::string kind, serial;
  int busy = -1;
  double watts() const { return kind == "card" ? 300 : kind == "die" || kind == "dead" ? 0 : 200; }
};
std::vector<Gpu> g_gpus;

int put(const std::string& text, char* out, std::size_t length) {
  std::strncpy(out, text.c_str(), length);
  return kSuccess;
}

int put_power(std::uint32_t index, std::uint64_t* microwatts) {
  *microwatts = static_cast<std::uint64_t>(g_gpus[index].watts() * 1e6);
  return kSuccess;
}

}  // namespace

extern "C" {

int rsmi_init(std::uint64_t) {
  const char* kinds = std::getenv("CARBON_FAKE_ROCM");
  std::istringstream in(kinds ? kinds : "counter stuck");
  g_gpus.clear();
  for (std::string word; in >> word;) {
    Gpu gpu;
    const auto serial = word.find('#'), busy = word.find(':');
    if (serial != std::string::npos) gpu.serial = word.substr(serial + 1);
    if (busy < serial) gpu.busy = std::atoi(word.c_str() + busy + 1);
    gpu.kind = word.substr(0, word.find_first_of(":#"));
    g_gpus.push_back(gpu);
  }
  return kSuccess;
}

int rsmi_num_monitor_devices(std::uint32_t* count) {
  *count = static_cast<std::uint32_t>(g_gpus.size());
  return kSuccess;
}

int rsmi_dev_unique_id_get(std::uint32_t index, std::uint64_t* id) {
  *id = 0xabc0 + index;
  return kSuccess;
}

int rsmi_dev_pci_id_get(std::uint32_t index, std::uint64_t* id) {
  *id = (0xc1 + index) << 8;
  return kSuccess;
}

int rsmi_dev_name_get(std::uint32_t, char* name, std::size_t length) { return put("Simulated AMD GPU", name, length); }

int rsmi_dev_serial_number_get(std::uint32_t index, char* serial, std::uint32_t length) {
  return g_gpus[index].serial.empty() ? int{kNotSupported} : put(g_gpus[index].serial, serial, length);
}

int rsmi_dev_busy_percent_get(std::uint32_t index, std::uint32_t* percent) {
  if (g_gpus[index].busy < 0) return kNotSupported;
  *percent = static_cast<std::uint32_t>(g_gpus[index].busy);
  return kSuccess;
}

int rsmi_dev_energy_count_get(std::uint32_t index, std::uint64_t* count, float* resolution, std::uint64_t* timestamp) {
  const double seconds = carbon::fakes::wall_seconds() - carbon::fakes::PowerCurve::kEpoch;
  const auto& gpu = g_gpus[index];
  const double counted = seconds * gpu.watts() * 1e6 / static_cast<double>(kMicrojoulesPerCount);
  *count = gpu.kind == "stuck" ? 4711 : static_cast<std::uint64_t>(counted);
  *resolution = kMicrojoulesPerCount;
  *timestamp = 0;
  return kSuccess;
}

int rsmi_dev_power_ave_get(std::uint32_t index, std::uint32_t, std::uint64_t* microwatts) {
  return g_gpus[index].kind == "mi300" ? int{kNotSupported} : put_power(index, microwatts);
}

int rsmi_dev_power_get(std::uint32_t index, std::uint64_t* microwatts, std::uint32_t* kind) {
  *kind = 1;
  return put_power(index, microwatts);
}

int rsmi_dev_power_cap_get(std::uint32_t index, std::uint32_t, std::uint64_t* microwatts) {
  const auto& kind = g_gpus[index].kind;
  *microwatts = kind == "card" ? 560'000'000 : kind == "die" ? 0 : 300'000'000;
  return kSuccess;
}

}  // extern "C"

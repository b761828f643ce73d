// SPDX-License-Identifier: Apache-2.0
#include "energy/rocm_meter.h"

#include <dlfcn.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <thread>

namespace carbon::energy {
namespace {

constexpr Duration kTimeToCount{50};  // the counter of a GPU that draws power changes sooner

struct RocmLibrary {
  int (*init)(std::uint64_t) = nullptr;
  int (*device_count)(std::uint32_t*) = nullptr;
  int (*unique_id)(std::uint32_t, std::uint64_t*) = nullptr;
  int (*name)(std::uint32_t, char*, std::size_t) = nullptr;
  int (*energy)(std::uint32_t, std::uint64_t* count, float* microjoules_per_count, std::uint64_t* timestamp) = nullptr;
  int (*power_uw)(std::uint32_t, std::uint32_t sensor, std::uint64_t*) = nullptr;
  int (*power_cap_uw)(std::uint32_t, std::uint32_t sensor, std::uint64_t*) = nullptr;

  bool resolve(void* handle) {
    const auto find = [handle](auto& function, const char* symbol) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(handle, symbol));
      return function != nullptr;
    };
    find(name, "rsmi_dev_name_get");
    find(energy, "rsmi_dev_energy_count_get");
    find(power_cap_uw, "rsmi_dev_power_cap_get");
    return find(init, "rsmi_init") && find(device_count, "rsmi_num_monitor_devices") &&
           find(unique_id, "rsmi_dev_unique_id_get") && find(power_uw, "rsmi_dev_power_ave_get");
  }
};

Error failed(const std::string& what, int status) { return Error{what + ": ROCm SMI status " + std::to_string(status)}; }

class RocmMeter final : public Meter {
 public:
  RocmMeter(RocmLibrary rocm, std::uint32_t index, DeviceInfo info) : rocm_(rocm), index_(index), info_(std::move(info)) {}
  const DeviceInfo& info() const override { return info_; }

  Result<Sample> read() override {
    Sample sample;
    sample.at = Moment::now();
    if (info_.method != Method::kCounter) {
      const auto watts = power();
      if (!watts) return watts.error();
      sample.power = *watts;
      return sample;
    }
    std::uint64_t count = 0, timestamp = 0;
    float resolution = 0;
    if (const int status = rocm_.energy(index_, &count, &resolution, &timestamp); status != 0) return failed(info_.id, status);
    sample.counter_uj = std::llround(static_cast<double>(count) * static_cast<double>(resolution));
    return sample;
  }

  Result<Watts> power() override {
    std::uint64_t uw = 0;
    if (const int status = rocm_.power_uw(index_, 0, &uw); status != 0) return failed(info_.id, status);
    return Watts(static_cast<double>(uw) / 1e6);
  }

 private:
  RocmLibrary rocm_;
  std::uint32_t index_;
  DeviceInfo info_;
};

// The energy counter of some MI100 never changes. It is used only if it changes now.
bool counts(const RocmLibrary& rocm, std::uint32_t index) {
  std::uint64_t before = 0, after = 0, timestamp = 0;
  float resolution = 0;
  if (!rocm.energy || rocm.energy(index, &before, &resolution, &timestamp) != 0 || !(resolution > 0)) return false;
  std::this_thread::sleep_for(kTimeToCount);
  return rocm.energy(index, &after, &resolution, &timestamp) == 0 && after != before;
}

DeviceInfo describe(const RocmLibrary& rocm, std::uint32_t index, std::uint64_t unique_id) {
  DeviceInfo info;
  std::array<char, 128> text{};
  std::snprintf(text.data(), text.size(), "GPU-amd-%016llx", static_cast<unsigned long long>(unique_id));
  info.id = text.data();
  info.type = "gpu";
  info.minor = index;
  info.method = counts(rocm, index) ? Method::kCounter : Method::kIntegrated;
  if (rocm.name && rocm.name(index, text.data(), text.size()) == 0) info.model = text.data();
  info.simulated = info.model.starts_with("Simulated");
  std::uint64_t cap_uw = 0;
  if (rocm.power_cap_uw && rocm.power_cap_uw(index, 0, &cap_uw) == 0) info.rated = Watts(static_cast<double>(cap_uw) / 1e6);
  return info;
}

}  // namespace

MetersFound find_rocm_meters(const std::string& library) {
  void* handle = dlopen(library.empty() ? "librocm_smi64.so" : library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) return {{}, std::string("ROCm SMI: ") + dlerror()};
  RocmLibrary rocm;
  if (!rocm.resolve(handle)) return {{}, "ROCm SMI: the library lacks a function that is needed"};
  if (const int status = rocm.init(0); status != 0) return {{}, failed("rsmi_init", status).message};
  std::uint32_t count = 0;
  if (const int status = rocm.device_count(&count); status != 0) return {{}, failed("rsmi_num_monitor_devices", status).message};
  MetersFound found;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint64_t unique_id = 0;
    if (const int status = rocm.unique_id(i, &unique_id); status != 0) {
      found.note += (found.note.empty() ? "" : "; ") + failed("GPU " + std::to_string(i), status).message;
      continue;
    }
    found.meters.push_back(std::make_unique<RocmMeter>(rocm, i, describe(rocm, i, unique_id)));
  }
  return found;
}

}  // namespace carbon::energy

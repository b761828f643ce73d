// SPDX-License-Identifier: Apache-2.0
#include "energy/nvml_library.h"

#include <dlfcn.h>

#include <initializer_list>
#include <vector>

#include "energy/shared_library.h"

namespace carbon::energy {
namespace {

// The first of `names` that the library has. List the newest version of a function first.
template <class Function>
bool find(void* library, Function& function, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    if (function) return true;
  }
  return false;
}

}  // namespace

Result<std::shared_ptr<NvmlLibrary>> NvmlLibrary::open(const std::string& path) {
  const auto handle =
      open_shared_library(path.empty() ? std::vector<std::string>{"libnvidia-ml.so.1", "libnvidia-ml.so"} : std::vector{path});
  if (!handle) return Error{"NVML: " + handle.error().message};
  std::shared_ptr<NvmlLibrary> library(new NvmlLibrary(*handle));
  if (const auto resolved = library->resolve(); !resolved) return resolved.error();
  if (const int status = library->init(); status != kNvmlSuccess) return Error{"NVML: nvmlInit: " + library->describe(status)};
  library->initialised_ = true;
  return library;
}

// The library stays mapped: NVIDIA's keeps threads and thread-local state of its own.
NvmlLibrary::~NvmlLibrary() {
  if (initialised_) shutdown();
}

std::string NvmlLibrary::describe(int status) const {
  const char* text = error_string ? error_string(status) : nullptr;
  return (text ? std::string(text) : "error") + " (" + std::to_string(status) + ")";
}

Status NvmlLibrary::resolve() {
  find(handle_, error_string, {"nvmlErrorString"});
  find(handle_, shutdown, {"nvmlShutdown"});
  find(handle_, device_by_uuid, {"nvmlDeviceGetHandleByUUID"});
  find(handle_, name, {"nvmlDeviceGetName"});
  find(handle_, total_energy_mj, {"nvmlDeviceGetTotalEnergyConsumption"});
  find(handle_, power_mw, {"nvmlDeviceGetPowerUsage"});
  find(handle_, power_limit_mw, {"nvmlDeviceGetEnforcedPowerLimit", "nvmlDeviceGetPowerManagementLimit"});
  find(handle_, power_limits_mw, {"nvmlDeviceGetPowerManagementLimitConstraints"});
  find(handle_, mig_mode, {"nvmlDeviceGetMigMode"});
  find(handle_, max_mig_devices, {"nvmlDeviceGetMaxMigDeviceCount"});
  find(handle_, mig_by_index, {"nvmlDeviceGetMigDeviceHandleByIndex"});
  find(handle_, attributes, {"nvmlDeviceGetAttributes_v2", "nvmlDeviceGetAttributes"});
  find(handle_, gpu_instance_id, {"nvmlDeviceGetGpuInstanceId"});
  find(handle_, compute_instance_id, {"nvmlDeviceGetComputeInstanceId"});
  const bool whole = find(handle_, init, {"nvmlInit_v2", "nvmlInit"}) && shutdown &&
                     find(handle_, device_count, {"nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"}) &&
                     find(handle_, device_by_index, {"nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex"}) &&
                     find(handle_, uuid, {"nvmlDeviceGetUUID"}) && find(handle_, minor, {"nvmlDeviceGetMinorNumber"});
  if (!whole) return Error{"NVML: the library lacks a function that every driver since 2013 has"};
  return Done{};
}

}  // namespace carbon::energy

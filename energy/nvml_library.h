// SPDX-License-Identifier: Apache-2.0
// NVIDIA's management library (NVML), loaded at run time. The few functions needed are declared here after NVML's public API
// reference (docs.nvidia.com/deploy/nvml-api); no NVIDIA header is used.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/result.h"

namespace carbon::energy {

struct NvmlDeviceHandle;  // nvmlDevice_st, opaque
using NvmlDevice = NvmlDeviceHandle*;

// nvmlReturn_t
enum NvmlStatus : int {
  kNvmlSuccess = 0,
  kNvmlUninitialized = 1,
  kNvmlNotSupported = 3,
  kNvmlDriverNotLoaded = 9,
  kNvmlGpuIsLost = 15,
};

// nvmlDeviceAttributes_t
struct NvmlAttributes {
  unsigned multiprocessors;
  unsigned shared_copy_engines;
  unsigned shared_decoders;
  unsigned shared_encoders;
  unsigned shared_jpeg;
  unsigned shared_ofa;
  unsigned gpu_instance_slices;
  unsigned compute_instance_slices;
  unsigned long long memory_mb;
};

class NvmlLibrary {
 public:
  // `path` empty: libnvidia-ml.so.1, then libnvidia-ml.so, as the dynamic loader finds them. Initialises the library.
  static Result<std::shared_ptr<NvmlLibrary>> open(const std::string& path);
  ~NvmlLibrary();
  NvmlLibrary(const NvmlLibrary&) = delete;
  NvmlLibrary& operator=(const NvmlLibrary&) = delete;

  std::string describe(int status) const;

  // NVML's functions; null if the driver is too old to have one.
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  const char* (*error_string)(int) = nullptr;
  int (*device_count)(unsigned*) = nullptr;
  int (*device_by_index)(unsigned, NvmlDevice*) = nullptr;
  int (*device_by_uuid)(const char*, NvmlDevice*) = nullptr;
  int (*uuid)(NvmlDevice, char*, unsigned) = nullptr;
  int (*name)(NvmlDevice, char*, unsigned) = nullptr;
  int (*minor)(NvmlDevice, unsigned*) = nullptr;
  int (*total_energy_mj)(NvmlDevice, unsigned long long*) = nullptr;
  int (*power_mw)(NvmlDevice, unsigned*) = nullptr;
  int (*power_limit_mw)(NvmlDevice, unsigned*) = nullptr;
  int (*power_limits_mw)(NvmlDevice, unsigned* lowest, unsigned* highest) = nullptr;
  int (*mig_mode)(NvmlDevice, unsigned* current, unsigned* pending) = nullptr;
  int (*max_mig_devices)(NvmlDevice, unsigned*) = nullptr;
  int (*mig_by_index)(NvmlDevice, unsigned, NvmlDevice*) = nullptr;
  int (*attributes)(NvmlDevice, NvmlAttributes*) = nullptr;
  int (*gpu_instance_id)(NvmlDevice, unsigned*) = nullptr;
  int (*compute_instance_id)(NvmlDevice, unsigned*) = nullptr;

 private:
  explicit NvmlLibrary(void* handle) : handle_(handle) {}
  Status resolve();
  void* handle_;
  bool initialised_ = false;
};

}  // namespace carbon::energy

// SPDX-License-Identifier: Apache-2.0
// A test double of NVIDIA's libnvidia-ml.so.1: the functions that slurm-carbon uses, over simulated GPUs. It is found and
// dlopened like the real one (LD_LIBRARY_PATH, or carbond --nvml); every UUID says SIMULATED. See fake_gpus.h for its file.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <thread>

#include "tests/fakes/fake_gpus.h"

// A device handle: a GPU, or one MIG instance of it.
struct nvmlDevice_st {
  std::size_t gpu;
  int instance;
};

namespace {

using carbon::fakes::FakeGpu;
using carbon::fakes::FakeNode;
using carbon::fakes::wall_seconds;

enum : int {
  kSuccess = 0,
  kUninitialized = 1,
  kInvalid = 2,
  kNotSupported = 3,
  kNotFound = 6,
  kTooSmall = 7,
  kNoDriver = 9,
  kLost = 15
};
constexpr int kMaxInstances = 7;

struct State {
  FakeNode node;
  std::vector<nvmlDevice_st> handles;  // kMaxInstances + 1 per GPU, the GPU itself first
  std::atomic<std::uint64_t>* calls = nullptr;
};
std::optional<State> g_state;

void map_calls(State& state) {
  const int fd = open(state.node.calls.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  const std::size_t bytes = sizeof(std::uint64_t) * state.node.gpus.size();
  if (fd < 0 || bytes == 0 || ftruncate(fd, static_cast<off_t>(bytes)) != 0) return;
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (p != MAP_FAILED) state.calls = static_cast<std::atomic<std::uint64_t>*>(p);
}

// What every call that asks a GPU does first: it takes its time, and the faults of the hour strike.
int enter(const nvmlDevice_st* device) {
  if (!g_state) return kUninitialized;
  const auto& gpu = g_state->node.gpus[device->gpu];
  if (g_state->calls) ++g_state->calls[device->gpu];
  if (gpu.call_ms > 0) std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(gpu.call_ms));
  while (gpu.hang.holds(wall_seconds())) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  if (g_state->node.no_driver.holds(wall_seconds())) return kNoDriver;
  return gpu.lost.holds(wall_seconds()) ? kLost : kSuccess;
}

const FakeGpu& gpu_of(const nvmlDevice_st* device) { return g_state->node.gpus[device->gpu]; }
const std::vector<unsigned>& instances_of(const nvmlDevice_st* device) { return gpu_of(device).instances(wall_seconds()); }

std::string uuid_of(const nvmlDevice_st* device) {
  const auto& gpu = gpu_of(device);
  if (device->instance < 0) return gpu.uuid;
  const bool cut = gpu.cut_at > 0 && wall_seconds() >= gpu.cut_at;
  return "MIG-" + gpu.uuid.substr(4) + (cut ? "-cut-" : "-") + std::to_string(device->instance);
}

int put(const std::string& text, char* out, unsigned length) {
  if (text.size() >= length) return kTooSmall;
  std::memcpy(out, text.c_str(), text.size() + 1);
  return kSuccess;
}

}  // namespace

extern "C" {

int nvmlInit_v2() {
  const char* file = std::getenv("CARBON_FAKE_NVML");
  std::string error = "CARBON_FAKE_NVML is not set";
  auto node = file ? carbon::fakes::read_fake_node(file, error) : std::nullopt;
  if (!node) {
    std::fprintf(stderr, "simulated NVML: %s\n", error.c_str());
    return kNoDriver;
  }
  if (node->no_driver.holds(wall_seconds())) return kNoDriver;
  if (g_state) return kSuccess;
  g_state.emplace();
  g_state->node = std::move(*node);
  for (std::size_t i = 0; i < g_state->node.gpus.size(); ++i) {
    for (int k = -1; k < kMaxInstances; ++k) g_state->handles.push_back({i, k});
  }
  if (!g_state->node.calls.empty()) map_calls(*g_state);
  return kSuccess;
}

int nvmlShutdown() { return kSuccess; }

const char* nvmlErrorString(int status) {
  switch (status) {
    case kSuccess: return "Success";
    case kUninitialized: return "Uninitialized";
    case kNotSupported: return "Not Supported";
    case kNotFound: return "Not Found";
    case kNoDriver: return "Driver Not Loaded";
    case kLost: return "GPU is lost";
    default: return "Invalid Argument";
  }
}

int nvmlDeviceGetCount_v2(unsigned* count) {
  if (!g_state) return kUninitialized;
  *count = static_cast<unsigned>(g_state->node.gpus.size());
  return kSuccess;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_st** device) {
  if (!g_state) return kUninitialized;
  if (index >= g_state->node.gpus.size()) return kInvalid;
  *device = &g_state->handles[index * (kMaxInstances + 1)];
  return kSuccess;
}

int nvmlDeviceGetHandleByUUID(const char* uuid, nvmlDevice_st** device) {
  if (!g_state) return kUninitialized;
  for (auto& h : g_state->handles) {
    if (h.instance >= static_cast<int>(instances_of(&h).size()) || uuid_of(&h) != uuid) continue;
    *device = &h;
    return kSuccess;
  }
  return kNotFound;
}

int nvmlDeviceGetUUID(nvmlDevice_st* device, char* uuid, unsigned length) { return put(uuid_of(device), uuid, length); }
int nvmlDeviceGetName(nvmlDevice_st*, char* name, unsigned length) { return put("Simulated GPU", name, length); }

int nvmlDeviceGetMinorNumber(nvmlDevice_st* device, unsigned* minor) {
  *minor = gpu_of(device).minor;
  return kSuccess;
}

int nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_st* device, unsigned long long* mj) {
  if (const int status = enter(device); status != kSuccess) return status;
  const auto& gpu = gpu_of(device);
  if (!gpu.counter || device->instance >= 0) return kNotSupported;
  *mj = static_cast<unsigned long long>(gpu.counter_joules(wall_seconds()) * 1000);
  return kSuccess;
}

int nvmlDeviceGetPowerUsage(nvmlDevice_st* device, unsigned* mw) {
  if (const int status = enter(device); status != kSuccess) return status;
  *mw = static_cast<unsigned>(gpu_of(device).curve.watts(wall_seconds()) * 1000);
  return kSuccess;
}

int nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_st* device, unsigned* mw) {
  *mw = static_cast<unsigned>(gpu_of(device).limit * 1000);
  return kSuccess;
}

int nvmlDeviceGetPowerManagementLimitConstraints(nvmlDevice_st* device, unsigned* lowest_mw, unsigned* highest_mw) {
  *lowest_mw = 100'000;
  *highest_mw = static_cast<unsigned>(gpu_of(device).most * 1000);
  return kSuccess;
}

int nvmlDeviceGetMigMode(nvmlDevice_st* device, unsigned* current, unsigned* pending) {
  if (device->instance >= 0) return kInvalid;
  *current = *pending = instances_of(device).empty() ? 0 : 1;
  return kSuccess;
}

int nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_st* device, unsigned* count) {
  *count = instances_of(device).empty() ? 0 : kMaxInstances;
  return kSuccess;
}

int nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_st* device, unsigned index, nvmlDevice_st** mig) {
  if (device->instance >= 0 || index >= instances_of(device).size()) return kNotFound;
  *mig = device + 1 + index;
  return kSuccess;
}

int nvmlDeviceGetGpuInstanceId(nvmlDevice_st* device, unsigned* id) {
  *id = static_cast<unsigned>(device->instance) + 1;
  return device->instance < 0 ? kNotSupported : kSuccess;
}

int nvmlDeviceGetComputeInstanceId(nvmlDevice_st* device, unsigned* id) {
  *id = 0;
  return device->instance < 0 ? kNotSupported : kSuccess;
}

// nvmlDeviceAttributes_t: nine words, of which the compute slices are the eighth.
struct nvmlDeviceAttributes_st {
  unsigned multiprocessors, copy, decoders, encoders, jpeg, ofa, gpu_slices, compute_slices;
  unsigned long long memory_mb;
};
int nvmlDeviceGetAttributes_v2(nvmlDevice_st* device, nvmlDeviceAttributes_st* out) {
  if (device->instance < 0) return kNotSupported;
  *out = {};
  out->gpu_slices = out->compute_slices = instances_of(device)[static_cast<std::size_t>(device->instance)];
  return kSuccess;
}

}  // extern "C"

// SPDX-License-Identifier: Apache-2.0
#include "energy/nvml_meter.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <map>

#include "energy/energy_counter.h"
#include "energy/nvml_library.h"

namespace carbon::energy {
namespace {

// "about every 100 ms" on V100, A100 and H100: arXiv 2312.02741, section 5.
constexpr Duration kCounterUpdate{100};

class NvmlMeter final : public Meter {
 public:
  NvmlMeter(std::shared_ptr<NvmlLibrary> nvml, NvmlDevice device, DeviceInfo info)
      : nvml_(std::move(nvml)), device_(device), info_(std::move(info)) {}

  const DeviceInfo& info() const override { return info_; }

  Result<Sample> read() override {
    const auto before = Moment::now();
    Sample sample;
    const int status = info_.method == Method::kCounter ? read_counter(sample, before.boot) : read_power(sample);
    if (status != kNvmlSuccess) {
      reopen(status);
      return Error{info_.id + ": " + nvml_->describe(status)};
    }
    sample.time_uncertainty = (Moment::now().boot - before.boot) / 2;
    sample.at = before + sample.time_uncertainty;
    return sample;
  }

  Result<Watts> power() override {
    unsigned mw = 0;
    const int status = nvml_->power_mw ? nvml_->power_mw(device_, &mw) : int{kNvmlNotSupported};
    if (status != kNvmlSuccess) return Error{info_.id + ": " + nvml_->describe(status)};
    return Watts(mw / 1000.0);
  }

 private:
  int read_counter(Sample& sample, Duration now) {
    constexpr unsigned long long kMost = std::numeric_limits<std::int64_t>::max() / 1000;
    unsigned long long mj = 0;
    const int status = nvml_->total_energy_mj(device_, &mj);
    if (status != kNvmlSuccess) return status;
    sample.counter_uj = static_cast<std::int64_t>(std::min(mj, kMost)) * 1000;
    if (standstill_.stands(*sample.counter_uj, now) && read_power(sample) != kNvmlSuccess) sample.power.reset();
    return status;
  }

  int read_power(Sample& sample) {
    unsigned mw = 0;
    const int status = nvml_->power_mw ? nvml_->power_mw(device_, &mw) : int{kNvmlNotSupported};
    sample.power = Watts(mw / 1000.0);
    return status;
  }

  // After a reload of the driver, or when a lost GPU returns, the device has a new handle.
  void reopen(int status) {
    if (status == kNvmlUninitialized || status == kNvmlDriverNotLoaded) nvml_->init();
    if (!nvml_->device_by_uuid) return;
    NvmlDevice device = nullptr;
    if (nvml_->device_by_uuid(info_.id.c_str(), &device) == kNvmlSuccess) device_ = device;
  }

  std::shared_ptr<NvmlLibrary> nvml_;
  NvmlDevice device_;
  DeviceInfo info_;
  StandstillWatch standstill_;
};

Result<DeviceInfo> describe(const NvmlLibrary& nvml, NvmlDevice device) {
  DeviceInfo info;
  info.type = "gpu";
  std::array<char, 96> text{};
  if (const int status = nvml.uuid(device, text.data(), text.size()); status != kNvmlSuccess)
    return Error{"NVML: nvmlDeviceGetUUID: " + nvml.describe(status)};
  info.id = text.data();
  info.simulated = info.id.starts_with("GPU-SIMULATED-");
  unsigned minor = 0;
  if (const int status = nvml.minor(device, &minor); status != kNvmlSuccess)
    return Error{info.id + ": nvmlDeviceGetMinorNumber: " + nvml.describe(status)};
  info.minor = minor;
  info.file = "nvidia" + std::to_string(minor);
  if (nvml.name && nvml.name(device, text.data(), text.size()) == kNvmlSuccess) info.model = text.data();
  unsigned limit_mw = 0;
  if (nvml.power_limit_mw && nvml.power_limit_mw(device, &limit_mw) == kNvmlSuccess) info.rated = Watts(limit_mw / 1000.0);

  unsigned lowest_mw = 0, highest_mw = 0;
  if (nvml.power_limits_mw && nvml.power_limits_mw(device, &lowest_mw, &highest_mw) == kNvmlSuccess)
    info.most = Watts(highest_mw / 1000.0);

  unsigned long long mj = 0;
  unsigned mw = 0;
  const int counter = nvml.total_energy_mj ? nvml.total_energy_mj(device, &mj) : int{kNvmlNotSupported};
  if (counter == kNvmlSuccess) {
    info.method = Method::kCounter;
    info.update = kCounterUpdate;
  } else if (counter != kNvmlNotSupported) {
    return Error{info.id + ": " + nvml.describe(counter)};  // it may have a counter: not now
  } else if (nvml.power_mw && nvml.power_mw(device, &mw) == kNvmlSuccess) {
    info.method = Method::kIntegrated;
  } else {
    return Error{info.id + ": neither an energy counter nor a power reading"};
  }
  return info;
}

// /proc/driver/nvidia-caps/mig-minors: "gpu0/gi1/access 21" and "gpu0/gi1/ci0/access 22" are /dev/nvidia-caps/nvidia-cap21
// and 22.
using MigMinors = std::map<std::string, std::string>;
MigMinors read_mig_minors(const std::filesystem::path& proc) {
  MigMinors out;
  std::ifstream in(proc / "driver/nvidia-caps/mig-minors");
  for (std::string name, minor; in >> name >> minor;) out.emplace(name, minor);
  return out;
}

std::vector<std::string> mig_files(const NvmlLibrary& nvml, NvmlDevice instance, std::uint32_t minor, const MigMinors& minors) {
  unsigned gpu_instance = 0, compute_instance = 0;
  if (!nvml.gpu_instance_id || nvml.gpu_instance_id(instance, &gpu_instance) != kNvmlSuccess) return {};
  if (!nvml.compute_instance_id || nvml.compute_instance_id(instance, &compute_instance) != kNvmlSuccess) return {};
  const auto of_gpu = "gpu" + std::to_string(minor) + "/gi" + std::to_string(gpu_instance);
  const auto outer = minors.find(of_gpu + "/access");
  const auto own = minors.find(of_gpu + "/ci" + std::to_string(compute_instance) + "/access");
  if (outer == minors.end() || own == minors.end()) return {};
  return {"nvidia-cap" + outer->second, "nvidia-cap" + own->second};
}

// NVML has no energy per MIG instance. An instance's share is its compute slices divided by those of the GPU (7 on A100 and H100,
// 4 on A30), which equal the most instances it can have.
std::vector<Partition> mig_instances(const NvmlLibrary& nvml, NvmlDevice device, std::uint32_t minor, const MigMinors& minors) {
  std::vector<Partition> out;
  unsigned current = 0, pending = 0, slices = 0;
  if (!nvml.mig_mode || !nvml.max_mig_devices || !nvml.mig_by_index || !nvml.attributes) return out;
  if (nvml.mig_mode(device, &current, &pending) != kNvmlSuccess || current == 0) return out;
  if (nvml.max_mig_devices(device, &slices) != kNvmlSuccess || slices == 0) return out;
  for (unsigned i = 0; i < slices; ++i) {
    NvmlDevice instance = nullptr;
    NvmlAttributes attributes{};
    std::array<char, 96> uuid{};
    if (nvml.mig_by_index(device, i, &instance) != kNvmlSuccess) continue;
    if (nvml.uuid(instance, uuid.data(), uuid.size()) != kNvmlSuccess) continue;
    if (nvml.attributes(instance, &attributes) != kNvmlSuccess) continue;
    out.push_back({uuid.data(), std::min(1.0, static_cast<double>(attributes.compute_instance_slices) / slices),
                   mig_files(nvml, instance, minor, minors)});
  }
  return out;
}

}  // namespace

MetersFound find_nvml_meters(const std::string& library, const std::filesystem::path& proc) {
  MetersFound found;
  const auto mig_minors = read_mig_minors(proc);
  const auto note = [&found](const std::string& text) { found.note += (found.note.empty() ? "" : "; ") + text; };
  const auto nvml = NvmlLibrary::open(library);
  if (!nvml) return {{}, nvml.error().message};
  unsigned count = 0;
  if (const int status = (*nvml)->device_count(&count); status != kNvmlSuccess)
    return {{}, "NVML: nvmlDeviceGetCount: " + (*nvml)->describe(status)};
  if (count == 0) note("NVML: the driver has no GPU");
  for (unsigned i = 0; i < count; ++i) {
    NvmlDevice device = nullptr;
    if (const int status = (*nvml)->device_by_index(i, &device); status != kNvmlSuccess) {
      note("NVML: GPU " + std::to_string(i) + ": " + (*nvml)->describe(status));
      found.incomplete = true;
      continue;
    }
    auto info = describe(**nvml, device);
    if (info) {
      info->partitions = mig_instances(**nvml, device, info->minor, mig_minors);
      found.meters.push_back(std::make_unique<NvmlMeter>(*nvml, device, std::move(*info)));
    } else {
      note(info.error().message);
      found.incomplete = true;
    }
  }
  return found;
}

}  // namespace carbon::energy

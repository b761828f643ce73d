// SPDX-License-Identifier: Apache-2.0
#include "energy/rocm_meter.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <thread>
#include <tuple>

#include "energy/energy_counter.h"
#include "energy/shared_library.h"

namespace carbon::energy {
namespace {

constexpr Duration kTimeToCount{50};  // the counter of a GPU that draws power changes sooner
// Of the power of a die at work, what an idle one draws: an MI250X of 560 W draws 90 W with both dies idle.
constexpr double kIdleDie = 0.16;

struct RocmLibrary {
  int (*init)(std::uint64_t) = nullptr;
  int (*device_count)(std::uint32_t*) = nullptr;
  int (*unique_id)(std::uint32_t, std::uint64_t*) = nullptr;
  int (*name)(std::uint32_t, char*, std::size_t) = nullptr;
  int (*serial_number)(std::uint32_t, char*, std::uint32_t) = nullptr;
  int (*pci_id)(std::uint32_t, std::uint64_t*) = nullptr;
  int (*busy_percent)(std::uint32_t, std::uint32_t*) = nullptr;
  int (*energy)(std::uint32_t, std::uint64_t* count, float* microjoules_per_count, std::uint64_t* timestamp) = nullptr;
  int (*power_uw)(std::uint32_t, std::uint64_t*, std::uint32_t* kind) = nullptr;           // since ROCm 6.0
  int (*average_power_uw)(std::uint32_t, std::uint32_t sensor, std::uint64_t*) = nullptr;  // not supported by MI300
  int (*power_cap_uw)(std::uint32_t, std::uint32_t sensor, std::uint64_t*) = nullptr;
  int (*power_caps_uw)(std::uint32_t, std::uint32_t sensor, std::uint64_t* highest, std::uint64_t* lowest) = nullptr;
  int (*render_minor)(std::uint32_t, std::uint32_t*) = nullptr;

  bool resolve(void* handle) {
    const auto find = [handle](auto& function, const char* symbol) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(handle, symbol));
      return function != nullptr;
    };
    find(name, "rsmi_dev_name_get");
    find(serial_number, "rsmi_dev_serial_number_get");
    find(pci_id, "rsmi_dev_pci_id_get");
    find(busy_percent, "rsmi_dev_busy_percent_get");
    find(energy, "rsmi_dev_energy_count_get");
    find(power_cap_uw, "rsmi_dev_power_cap_get");
    find(power_caps_uw, "rsmi_dev_power_cap_range_get");
    const bool power = find(power_uw, "rsmi_dev_power_get");
    find(render_minor, "rsmi_dev_drm_render_minor_get");
    return find(init, "rsmi_init") && find(device_count, "rsmi_num_monitor_devices") &&
           find(unique_id, "rsmi_dev_unique_id_get") && (find(average_power_uw, "rsmi_dev_power_ave_get") || power);
  }

  int read_power(std::uint32_t index, Watts& watts) const {
    std::uint64_t uw = 0;
    std::uint32_t kind = 0;
    int status = power_uw ? power_uw(index, &uw, &kind) : -1;
    if (status != 0 && average_power_uw) status = average_power_uw(index, 0, &uw);
    watts = Watts(static_cast<double>(uw) / 1e6);
    return status;
  }

  // None where there is no counter: an error, or all bits set.
  std::optional<std::int64_t> read_counter(std::uint32_t index, int* status = nullptr) const {
    std::uint64_t count = 0, timestamp = 0;
    float resolution = 0;
    const int result = energy ? energy(index, &count, &resolution, &timestamp) : -1;
    if (status) *status = result;
    if (result != 0 || !(resolution > 0) || count == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
    const double uj = static_cast<double>(count) * static_cast<double>(resolution);
    return std::llround(std::min(uj, 9e18));
  }
};

Error failed(const std::string& what, int status) { return Error{what + ": ROCm SMI status " + std::to_string(status)}; }

struct Gpu {
  std::uint32_t index = 0;
  std::uint64_t unique_id = 0, pci_id = 0;
  std::string name, serial;
  bool counts = false;                  // its energy counter moves
  bool silent = false;                  // reports neither energy nor power: the second die of a card
  std::optional<std::uint32_t> twin{};  // index of the other die of its card, where one of them is silent
};

class RocmMeter final : public Meter {
 public:
  // `source`: index of the GPU that is read; `twin`: of the other die, if the two share a meter.
  RocmMeter(RocmLibrary rocm, std::uint32_t index, std::uint32_t source, std::optional<std::uint32_t> twin, bool counts,
            DeviceInfo info)
      : rocm_(rocm), index_(index), source_(source), twin_(twin), counts_(counts), info_(std::move(info)) {}
  const DeviceInfo& info() const override { return info_; }

  Result<Sample> read() override {
    const auto before = Moment::now();
    Sample sample;
    sample.part = part();
    int status = 0;
    if (counts_) {
      sample.counter_uj = rocm_.read_counter(source_, &status);
      if (!sample.counter_uj) return failed(info_.id, status);
    }
    if (!counts_ || standstill_.stands(*sample.counter_uj, before.boot)) {
      Watts watts(0);
      status = rocm_.read_power(source_, watts);
      if (status == 0) sample.power = watts;
      if (status != 0 && !counts_) return failed(info_.id, status);
    }
    sample.time_uncertainty = (Moment::now().boot - before.boot) / 2;
    sample.at = before + sample.time_uncertainty;
    return sample;
  }

  Result<Watts> power() override {
    Watts watts(0);
    if (const int status = rocm_.read_power(source_, watts); status != 0) return failed(info_.id, status);
    return watts * part();
  }

 private:
  // Of the card's energy, by how busy the two dies are.
  double part() const {
    if (!twin_) return 1.0;
    std::uint32_t own = 0, others = 0;
    if (!rocm_.busy_percent || rocm_.busy_percent(index_, &own) != 0 || rocm_.busy_percent(*twin_, &others) != 0) return 0.5;
    const auto weight = [](std::uint32_t percent) { return kIdleDie + (1 - kIdleDie) * std::min(percent, 100u) / 100.0; };
    return weight(own) / (weight(own) + weight(others));
  }

  RocmLibrary rocm_;
  std::uint32_t index_, source_;
  std::optional<std::uint32_t> twin_;
  bool counts_;
  DeviceInfo info_;
  StandstillWatch standstill_;
};

// The energy counter of some MI100 never changes. It is used only if it changes now.
bool counts(const RocmLibrary& rocm, std::uint32_t index, std::optional<std::int64_t> before) {
  if (!before) return false;
  std::this_thread::sleep_for(kTimeToCount);
  const auto after = rocm.read_counter(index);
  return after && after != before;
}

Gpu probe(const RocmLibrary& rocm, std::uint32_t index, std::uint64_t unique_id) {
  Gpu gpu;
  gpu.index = index;
  gpu.unique_id = unique_id;
  gpu.pci_id = index;
  std::array<char, 128> text{};
  if (rocm.name && rocm.name(index, text.data(), text.size() - 1) == 0) gpu.name = text.data();
  text = {};
  if (rocm.serial_number && rocm.serial_number(index, text.data(), text.size() - 1) == 0) gpu.serial = text.data();
  if (std::uint64_t pci = 0; rocm.pci_id && rocm.pci_id(index, &pci) == 0) gpu.pci_id = pci;
  const auto counter = rocm.read_counter(index);
  gpu.counts = counts(rocm, index, counter);
  Watts watts(0);
  const bool no_power = rocm.read_power(index, watts) != 0 || watts.value() <= 0;
  gpu.silent = !gpu.counts && counter.value_or(0) == 0 && no_power;
  return gpu;
}

// MI250 and MI250X are cards of two dies, each a GPU to its users. The driver reports energy and power of the card on one die,
// and 0 on the other; rocm-smi takes a counter of 0 as the sign of a second die. The dies of a card have one serial number, or
// they are neighbours in PCI order: the first and second, the third and fourth, and so on.
void pair_dies(std::vector<Gpu>& gpus) {
  std::vector<Gpu*> order;
  for (auto& g : gpus) order.push_back(&g);
  std::sort(order.begin(), order.end(),
            [](const Gpu* a, const Gpu* b) { return std::tie(a->name, a->pci_id) < std::tie(b->name, b->pci_id); });
  const auto pair = [](Gpu& a, Gpu& b, bool same_card) {
    if (!same_card || a.twin || b.twin || a.silent == b.silent || a.name != b.name) return;
    a.twin = b.index;
    b.twin = a.index;
  };
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t k = i + 1; k < order.size(); ++k) {
      auto &a = *order[i], &b = *order[k];
      pair(a, b, a.unique_id == b.unique_id || (!a.serial.empty() && a.serial == b.serial));
    }
  }
  for (std::size_t i = 0; i + 1 < order.size(); i += order[i]->name == order[i + 1]->name ? 2 : 1)
    pair(*order[i], *order[i + 1], true);
}

DeviceInfo describe(const RocmLibrary& rocm, const Gpu& gpu, const Gpu* twin) {
  const Gpu& source = twin && gpu.silent ? *twin : gpu;
  DeviceInfo info;
  std::array<char, 48> text{};
  // Should both dies have one id, the second die needs another.
  const bool same_id = twin && gpu.silent && twin->unique_id == gpu.unique_id;
  std::snprintf(text.data(), text.size(), "GPU-amd-%016llx%s", static_cast<unsigned long long>(gpu.unique_id),
                same_id ? "-1" : "");
  info.id = text.data();
  info.type = "gpu";
  info.minor = gpu.index;
  info.model = gpu.name;
  std::uint32_t render = 0;
  if (rocm.render_minor && rocm.render_minor(gpu.index, &render) == 0) info.file = "renderD" + std::to_string(render);
  info.simulated = info.model.starts_with("Simulated");
  info.method = twin ? Method::kEstimated : gpu.counts ? Method::kCounter : Method::kIntegrated;
  std::uint64_t cap_uw = 0, highest_uw = 0, lowest_uw = 0;
  if (rocm.power_cap_uw && rocm.power_cap_uw(source.index, 0, &cap_uw) == 0)
    info.rated = Watts(static_cast<double>(cap_uw) / 1e6);
  info.most = info.rated;
  if (rocm.power_caps_uw && rocm.power_caps_uw(source.index, 0, &highest_uw, &lowest_uw) == 0)
    info.most = std::max(info.most, Watts(static_cast<double>(highest_uw) / 1e6));
  if (twin) info.rated = info.rated * 0.5;  // `most` stays the card's, of which both dies read the energy
  return info;
}

std::vector<std::string> library_names() {
  std::vector<std::string> out;
  for (const char* directory : {"", "/opt/rocm/lib/", "/opt/rocm/lib64/"}) {
    const std::string name = std::string(directory) + "librocm_smi64.so";
    // ROCm 7 to 4, 3, 2, and the build of Debian 12, whose number is 1.
    for (int version = 7; version > 0; --version) out.push_back(name + '.' + std::to_string(version));
    out.push_back(name);
  }
  return out;
}

}  // namespace

MetersFound find_rocm_meters(const std::string& library) {
  const auto handle = open_shared_library(library.empty() ? library_names() : std::vector{library});
  if (!handle) return {{}, "ROCm SMI: " + handle.error().message};
  RocmLibrary rocm;
  if (!rocm.resolve(*handle)) return {{}, "ROCm SMI: the library lacks a function that is needed"};
  if (const int status = rocm.init(0); status != 0) return {{}, failed("rsmi_init", status).message};
  std::uint32_t count = 0;
  if (const int status = rocm.device_count(&count); status != 0) return {{}, failed("rsmi_num_monitor_devices", status).message};
  MetersFound found;
  const auto note = [&found](const std::string& text) { found.note += (found.note.empty() ? "" : "; ") + text; };
  std::vector<Gpu> gpus;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint64_t unique_id = 0;
    if (const int status = rocm.unique_id(i, &unique_id); status != 0) {
      note(failed("GPU " + std::to_string(i), status).message);
      continue;
    }
    gpus.push_back(probe(rocm, i, unique_id));
  }
  pair_dies(gpus);
  for (const auto& gpu : gpus) {
    const auto twin = std::find_if(gpus.begin(), gpus.end(), [&gpu](const Gpu& g) { return gpu.twin == g.index; });
    const bool paired = twin != gpus.end();
    const Gpu& source = paired && gpu.silent ? *twin : gpu;
    auto info = describe(rocm, gpu, paired ? &*twin : nullptr);
    if (paired && gpu.silent)
      note(info.id + " and GPU " + std::to_string(*gpu.twin) + " are the dies of one card: its energy is divided between them");
    if (!paired && gpu.silent) note(info.id + " reports neither energy nor power: its energy is estimated");
    found.meters.push_back(std::make_unique<RocmMeter>(rocm, gpu.index, source.index, gpu.twin, source.counts, std::move(info)));
  }
  return found;
}

}  // namespace carbon::energy

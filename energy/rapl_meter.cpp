// SPDX-License-Identifier: Apache-2.0
#include "energy/rapl_meter.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "energy/energy_counter.h"

namespace carbon::energy {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

Result<std::int64_t> number_in(const fs::path& file) {
  errno = 0;
  std::ifstream in(file);
  std::int64_t n = -1;
  if (in >> n && n >= 0) return n;
  return Error{file.string() + ": " + (errno != 0 ? std::strerror(errno) : "not a number")};
}

class RaplMeter final : public Meter {
 public:
  RaplMeter(fs::path zone, DeviceInfo info) : counter_(std::move(zone) / "energy_uj"), info_(std::move(info)) {}
  const DeviceInfo& info() const override { return info_; }
  Result<Sample> read() override {
    const auto before = Moment::now();
    const auto uj = number_in(counter_);
    if (!uj) return uj.error();
    Sample sample;
    sample.time_uncertainty = (Moment::now().boot - before.boot) / 2;
    sample.at = before + sample.time_uncertainty;
    sample.counter_uj = *uj;
    return sample;
  }
  Result<Watts> power() override { return Error{info_.id + ": RAPL has no power reading"}; }

 private:
  fs::path counter_;
  DeviceInfo info_;
};

// The zone's power constraints: the long-term one is the rated power, the highest what the zone can draw. A limit above what any
// such zone draws is none, as where the firmware lifts the limits, and the rated power is no bound then. AMD's zones have no
// constraints.
void read_limits(const fs::path& zone, DeviceInfo& info) {
  const Watts ceiling = power_of_type(info.type).most;
  for (int k = 0; k < 4; ++k) {
    for (const char* file : {"max_power_uw", "power_limit_uw"}) {
      const auto uw = number_in(zone / ("constraint_" + std::to_string(k) + '_' + file));
      const Watts watts(uw ? static_cast<double>(*uw) / 1e6 : 0.0);
      if (watts.value() < 1) continue;
      info.most = std::max(info.most, std::min(watts, ceiling));
      if (k == 0 && info.rated.value() <= 0 && watts <= ceiling) info.rated = watts;
    }
  }
}

// "intel-rapl:0" is named package-0. Of its subzones ("intel-rapl:0:1") only dram is a device of its own: the energy of core and
// uncore is part of the package's.
void add_zone(const fs::path& zone, const std::string& id, const std::string& type, MetersFound& found) {
  const auto range = number_in(zone / "max_energy_range_uj");
  const auto now = number_in(zone / "energy_uj");
  if (!range || !now) {
    found.note += (found.note.empty() ? "RAPL: " : "; ") + (range ? now.error().message : range.error().message);
    return;
  }
  DeviceInfo info;
  info.id = id;
  info.type = type;
  info.model = "RAPL";
  info.wraps_at_uj = *range;
  read_limits(zone, info);
  found.meters.push_back(std::make_unique<RaplMeter>(zone, std::move(info)));
}

}  // namespace

MetersFound find_rapl_meters(const fs::path& sysfs) {
  MetersFound found;
  std::error_code ec;
  std::vector<fs::path> zones;
  for (const auto& entry : fs::directory_iterator(sysfs / "class" / "powercap", ec)) zones.push_back(entry.path());
  std::sort(zones.begin(), zones.end());
  for (const auto& zone : zones) {
    const auto file = zone.filename().string();
    const auto name = first_line(zone / "name");
    if (!file.starts_with("intel-rapl:")) continue;
    if (name.starts_with("package-")) add_zone(zone, "rapl:" + name, "cpu", found);
    if (name == "dram") {
      const auto package = first_line(zone.parent_path() / file.substr(0, file.rfind(':')) / "name");
      add_zone(zone, "rapl:dram-" + package.substr(package.find('-') + 1), "dram", found);
    }
  }
  if (found.meters.empty() && found.note.empty())
    found.note = "RAPL: no package under " + (sysfs / "class" / "powercap").string();
  return found;
}

}  // namespace carbon::energy

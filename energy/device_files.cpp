// SPDX-License-Identifier: Apache-2.0
#include "energy/device_files.h"

#include <algorithm>
#include <filesystem>

namespace carbon::energy {
namespace {

constexpr std::string_view kCapability = "nvidia-cap";

bool is_drivers(const std::string& name) { return name.starts_with("nvidia") || name.starts_with("renderD"); }

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::string device_file_name(const std::string& file) {
  const std::filesystem::path path(file);
  const auto name = path.filename().string();
  std::error_code ec;
  if (is_drivers(name) || !std::filesystem::is_symlink(path, ec)) return name;
  const auto target = std::filesystem::canonical(path, ec).filename().string();
  return is_drivers(target) ? target : name;
}

bool is_partition(const std::vector<std::string>& files) {
  return std::any_of(files.begin(), files.end(), [](const auto& f) { return device_file_name(f).starts_with(kCapability); });
}

std::optional<double> share_of(const DeviceInfo& device, const std::vector<std::string>& files) {
  std::vector<std::string> names;
  for (const auto& file : files) names.push_back(device_file_name(file));
  if (device.file.empty() || !contains(names, device.file)) return std::nullopt;
  if (!is_partition(files)) return 1.0;
  for (const auto& part : device.partitions) {
    const bool all = std::all_of(part.files.begin(), part.files.end(), [&](const auto& f) { return contains(names, f); });
    if (all && !part.files.empty()) return part.share;
  }
  return std::nullopt;
}

}  // namespace carbon::energy

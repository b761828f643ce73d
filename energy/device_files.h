// SPDX-License-Identifier: Apache-2.0
// From device files, by which Slurm names GPUs, to the devices that a driver has.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "energy/meter.h"

namespace carbon::energy {

// The driver's name for a device file: "/dev/nvidia3" is "nvidia3", and so is a link of the site's own to it.
std::string device_file_name(const std::string& file);

// Whether the files are those of a part of a GPU: of a MIG instance, they include some in /dev/nvidia-caps.
bool is_partition(const std::vector<std::string>& files);

// The share of `device` that these files are: 1, or that of one of its partitions. None: they are not of this device.
std::optional<double> share_of(const DeviceInfo& device, const std::vector<std::string>& files);

}  // namespace carbon::energy

// SPDX-License-Identifier: Apache-2.0
// What a node's devices used by the hour, jobs or no jobs: with it the energy of jobs and that of idle devices add up to the
// devices' (docs/record.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace carbon::ledger {

struct DeviceHour {
  std::string device;
  Instant hour;                // its start
  std::int64_t device_mj = 0;  // of the device, by its meter
  std::int64_t idle_mj = 0;    // the part that was charged to no job
  bool operator==(const DeviceHour&) const = default;
};

// Amounts to be added; a later batch may take back some of them (negative), as when the mark of a job comes late.
struct DeviceHours {
  std::string cluster, node;
  std::int64_t batch = 0;  // ascending for a node: its last one is replaced by the same one of a higher revision, older ones
                           // count once
  std::int64_t revision = 0;
  std::vector<DeviceHour> hours;
  bool operator==(const DeviceHours&) const = default;
};

inline constexpr std::size_t kMostDeviceHours = 100'000;  // of a batch

std::string to_json(const DeviceHours& hours);
// Whether the text is meant to be of this kind, and not an energy record.
bool is_device_hours(std::string_view text);
// The error names the field.
Result<DeviceHours> device_hours_from_json(std::string_view text);

}  // namespace carbon::ledger

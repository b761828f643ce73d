// SPDX-License-Identifier: Apache-2.0
// Persistent state of a JobRegistry, in two files: the state (open jobs, allocations, sums), written after each change and every
// 30 s, and the last readings, written each round. Both are JSON, replaced by rename; docs/energy.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "carbond/job_registry.h"

namespace carbon::carbond {

std::string state_to_json(const JobRegistry& registry);
// Fills an empty registry. An error names what is wrong; the registry may then be partly filled.
Status state_from_json(std::string_view text, JobRegistry& registry);

std::string readings_to_json(const JobRegistry& registry);
struct SavedReading {
  energy::DeviceInfo info;
  energy::EnergyCounterState counter;
};
Result<std::vector<SavedReading>> readings_from_json(std::string_view text);

// The boot in which a state was written; empty if unknown.
std::string boot_of_state(std::string_view text);

}  // namespace carbon::carbond

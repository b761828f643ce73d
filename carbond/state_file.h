// SPDX-License-Identifier: Apache-2.0
// What a JobRegistry must not forget, as two files: the state (open jobs, holds, sums), written where something changes and every
// so often, and the last readings, written at each round. Both are JSON, replaced by rename; docs/energy.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "carbond/job_registry.h"

namespace carbon::carbond {

std::string state_to_json(const JobRegistry& registry);
// Into an empty book. An error names what is wrong; the book may then be partly filled.
Status state_from_json(std::string_view text, JobRegistry& registry);

std::string readings_to_json(const JobRegistry& registry);
struct SavedReading {
  energy::DeviceInfo info;
  energy::EnergyCounterState account;
};
Result<std::vector<SavedReading>> readings_from_json(std::string_view text);

// The boot that a state was written under; empty where it cannot be told.
std::string boot_of_state(std::string_view text);

}  // namespace carbon::carbond

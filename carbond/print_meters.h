// SPDX-License-Identifier: Apache-2.0
// carbond --once: a table of the devices that can be measured on this host.
#pragma once

#include <functional>
#include <ostream>

#include "energy/meter.h"

namespace carbon::carbond {

// One line per device: UUID, minor, method, joules, watts. Without a device, or if a driver does not answer within `patience`,
// one line that says so.
void print_meters(const std::function<energy::MetersFound()>& find, Duration patience, std::ostream& out);

}  // namespace carbon::carbond

// SPDX-License-Identifier: Apache-2.0
// carbond --once: what can be measured on this host, for a person to read.
#pragma once

#include <functional>
#include <ostream>

#include "energy/meter.h"

namespace carbon::carbond {

// A line per device: UUID, minor, method, joules, watts. Without any device one line that says why. A driver that does not answer
// within `patience` is said so.
void print_meters(const std::function<energy::MetersFound()>& find, Duration patience, std::ostream& out);

}  // namespace carbon::carbond

// SPDX-License-Identifier: Apache-2.0
// A moment on two clocks: CLOCK_BOOTTIME, which no one can step, orders all that is measured; the wall clock says which interval
// of a profile, and so which carbon intensity, it belongs to.
#pragma once

#include <string>

#include "core/time.h"

namespace carbon::energy {

struct Moment {
  Duration boot{0};
  Instant wall{};

  static Moment now();
  Moment operator+(Duration d) const { return {boot + d, wall + d}; }
  Moment operator-(Duration d) const { return {boot - d, wall - d}; }
};

// /proc/sys/kernel/random/boot_id; empty where it cannot be read. Moment::boot compares only within one boot.
std::string current_boot_id();

}  // namespace carbon::energy

// SPDX-License-Identifier: Apache-2.0
// A moment on two clocks. CLOCK_BOOTTIME cannot be stepped and orders all measurements; the wall clock gives the interval of the
// profile, and so the carbon intensity.
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

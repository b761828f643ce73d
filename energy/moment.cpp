// SPDX-License-Identifier: Apache-2.0
#include "energy/moment.h"

#include <ctime>
#include <fstream>

namespace carbon::energy {

Moment Moment::now() {
  timespec boot{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  return {Duration(boot.tv_sec * 1000 + boot.tv_nsec / 1'000'000), carbon::now()};
}

std::string current_boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  file >> id;
  return id;
}

}  // namespace carbon::energy

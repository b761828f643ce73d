// SPDX-License-Identifier: Apache-2.0
// Symbols of the program that loads the plugins (slurmctld, slurmd, sbatch: all export libslurmfull's symbols). Declared
// weak, so that a plugin can also be loaded by a test program that has none of them.
#pragma once

extern "C" {
__attribute__((weak, format(printf, 1, 2))) void slurm_info(const char* format, ...);
__attribute__((weak, format(printf, 1, 2))) void slurm_error(const char* format, ...);
// The only allocation whose result Slurm may free: memory from malloc or new makes slurmctld abort.
__attribute__((weak)) char* slurm_xstrdup(const char* text);
__attribute__((weak)) void slurm_xfree(void** pointer);
}

namespace carbon::plugin {

inline void log_error(const char* message) {
  if (slurm_error != nullptr) slurm_error("%s", message);
}
template <class... Args>
void log_error(const char* format, Args... args) {
  if (slurm_error != nullptr) slurm_error(format, args...);
}
template <class... Args>
void log_info(const char* format, Args... args) {
  if (slurm_info != nullptr) slurm_info(format, args...);
}

}  // namespace carbon::plugin

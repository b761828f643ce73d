// SPDX-License-Identifier: Apache-2.0
// A wall clock that a test can step, for LD_PRELOAD: CLOCK_REALTIME is off by the milliseconds that the file named by
// CARBON_FAKE_CLOCK holds. Other clocks are the machine's.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

long offset_ms() {
  const char* name = std::getenv("CARBON_FAKE_CLOCK");
  std::FILE* file = name != nullptr ? std::fopen(name, "r") : nullptr;
  if (file == nullptr) return 0;
  long ms = 0;
  if (std::fscanf(file, "%ld", &ms) != 1) ms = 0;
  std::fclose(file);
  return ms;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* t) {
  const long failed = syscall(SYS_clock_gettime, clock, t);
  if (failed != 0 || clock != CLOCK_REALTIME) return static_cast<int>(failed);
  const long ms = t->tv_sec * 1000 + t->tv_nsec / 1'000'000 + offset_ms();
  t->tv_sec = ms / 1000;
  t->tv_nsec = ms % 1000 * 1'000'000 + t->tv_nsec % 1'000'000;
  return 0;
}

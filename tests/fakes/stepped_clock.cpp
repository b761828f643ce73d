// SPDX-License-Identifier: Apache-2.0
// A wall clock that a test can step, for LD_PRELOAD: CLOCK_REALTIME is off by the milliseconds that the file named by
// CARBON_FAKE_CLOCK contains; after a '=' they are the time itself, and it does not move. Other clocks are the machine's.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

// The time that a test wants where the machine's is `ms`.
long wanted_ms(long ms) {
  const char* name = std::getenv("CARBON_FAKE_CLOCK");
  std::FILE* file = name != nullptr ? std::fopen(name, "r") : nullptr;
  if (file == nullptr) return ms;
  long held = 0;
  const bool stands = std::fscanf(file, "=%ld", &held) == 1;
  if (!stands && std::fscanf(file, "%ld", &held) != 1) held = 0;
  std::fclose(file);
  return stands ? held : ms + held;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* t) {
  const long failed = syscall(SYS_clock_gettime, clock, t);
  if (failed != 0 || clock != CLOCK_REALTIME) return static_cast<int>(failed);
  const long ms = wanted_ms(t->tv_sec * 1000 + t->tv_nsec / 1'000'000);
  t->tv_sec = ms / 1000;
  t->tv_nsec = ms % 1000 * 1'000'000;
  return 0;
}

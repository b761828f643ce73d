// SPDX-License-Identifier: Apache-2.0
// The recorded week that the published figures are stated for, and short ways to build a replay in a test.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "replay/policy_replay.h"
#include "replay/traces/intensity_csv.h"

namespace carbon::replay {

inline std::filesystem::path shared_data() {
  const char* own = std::getenv("CARBON_SHARED");
  return std::filesystem::path(own != nullptr ? own : CARBON_SHARED) / "data";
}

struct Case {
  Trace trace;
  Setting setting;
};

struct CaseOptions {
  std::vector<std::string> zones{"AU-SA"};
  std::string from = "2022-10-19T16:00Z";
  std::uint32_t capacity = kUnlimited;
  RuntimeSource runtime = RuntimeSource::kExact;
};

inline WaitCaps usual_caps() { return {std::chrono::hours(6), std::chrono::hours(24), std::chrono::hours(2)}; }

// Homes, series and the start of a case whose trace, sites and unwrapped series are given.
inline void complete(Case& c, Instant from, const std::vector<IntensitySeries>& intensity) {
  c.trace.start_at(from);
  ASSERT_TRUE(assign_homes(c.trace, c.setting).ok());
  const Instant until = latest_end(c.trace, c.setting);
  for (const auto& series : intensity) c.setting.actual.push_back(wrapped(series, from, until));
}

// pai_1k of GAIA over zones of 2022; the caller skips where shared_data() is absent.
inline Case pai_1k(const CaseOptions& options) {
  Case c;
  c.trace = std::move(read_trace(shared_data() / "jobs/pai_1k.csv", {}).value());
  for (const auto& zone : options.zones) c.setting.sites.push_back({.name = zone, .zone = zone, .capacity = options.capacity});
  c.setting.caps = usual_caps();
  c.setting.runtime = options.runtime;
  complete(c, parse_utc(options.from).value(),
           read_intensity(shared_data() / "intensity/hourly_2022.csv", options.zones).value());
  return c;
}

}  // namespace carbon::replay

#define SKIP_WITHOUT_DATA()                    \
  if (!std::filesystem::exists(shared_data())) \
  GTEST_SKIP() << shared_data() << " is absent: the recorded traces are not part of the project"

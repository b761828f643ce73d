// SPDX-License-Identifier: Apache-2.0
// A job as policies see it, its placement, and the options of sbatch that belong to them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"
#include "core/units.h"

namespace carbon::inline core {

// --carbon=off|defer|relocate|interrupt|auto. kInterrupt: deferred and, while it runs, checkpointed and requeued in periods of
// high intensity. kAuto: deferred and relocated, never interrupted.
enum class CarbonMode : std::uint8_t { kOff, kDefer, kRelocate, kInterrupt, kAuto };

inline constexpr CarbonMode kLastMode = CarbonMode::kAuto;
inline constexpr std::string_view kCarbonModes = "off, defer, relocate, interrupt, auto";
std::string_view to_string(CarbonMode mode);
Result<CarbonMode> parse_carbon_mode(std::string_view text);
constexpr bool may_defer(CarbonMode m) {
  return m == CarbonMode::kDefer || m == CarbonMode::kInterrupt || m == CarbonMode::kAuto;
}
constexpr bool may_relocate(CarbonMode m) { return m == CarbonMode::kRelocate || m == CarbonMode::kAuto; }
constexpr bool may_interrupt(CarbonMode m) { return m == CarbonMode::kInterrupt; }

// --carbon-data=GB: the data to transfer if the job runs at another site; 0 to 1e9.
Result<double> parse_data_gb(std::string_view text);

// JobRequest::sites has a bit for each.
inline constexpr std::size_t kMostSites = 64;

// The input of a policy.
struct JobRequest {
  Instant ready;            // the earliest start: submission, or its begin time
  Duration runtime{0};      // expected run time
  Duration max_delay{0};    // no start is later than ready + max_delay
  Watts power;              // expected draw of its devices, before PUE
  std::size_t home = 0;     // index of the site to which it was submitted
  std::uint64_t sites = 1;  // bit i: site i can run it; the home bit is always set
  double data_gb = 0;       // to transfer if it runs at another site
};

// The site and start of a job. {home, ready}: as without slurm-carbon.
struct Placement {
  std::size_t site = 0;
  Instant start;
  bool operator==(const Placement&) const = default;
};

}  // namespace carbon::inline core

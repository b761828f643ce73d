// SPDX-License-Identifier: Apache-2.0
// The energy record: what one node knows of one run of one job, as carbond ships it and the ledger keeps it. JSON,
// docs/record.md. Identity (idempotent): cluster, job id, restart count, node, start. A higher revision replaces a lower one;
// equal is the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "core/units.h"

namespace carbon::ledger {

// How joules were obtained, from best to worst.
enum class Method : std::uint8_t { kCounter, kIntegrated, kEstimated };
std::string_view to_string(Method m);

// One device's energy of one job. Interval k (k = 0, 1, ...) covers [first + k*step, first + (k+1)*step) cut to the record's
// [start, end); `first` is a multiple of `step` since 1970. Millijoules are whole, so that sums are exact.
struct DeviceEnergy {
  std::string device;  // "GPU-<uuid>", "rapl:package-0"
  std::string type;    // "gpu", "cpu", "dram"
  std::uint32_t minor = 0;
  Method method = Method::kCounter;
  double share = 1.0;  // the job's share of the device, (0, 1]
  Instant first{};
  Duration step{0};
  std::vector<std::int64_t> mj;            // energy in each interval
  std::vector<std::int64_t> held_idle_ms;  // time in each interval that the device was held but idle; empty: not known
  std::int64_t uncertainty_mj = 0;         // half-width of the 95 % interval of the sum
  std::int64_t estimated_mj = 0;           // part of the sum that is estimated (crash, lost readings)
};

struct EnergyRecord {
  std::string cluster;
  std::uint32_t job_id = 0;
  std::uint32_t restart = 0;
  std::string node;
  Instant start{};
  Instant end{};  // of what is recorded so far; the job's end on this node where `final`
  bool final = false;
  std::uint32_t revision = 0;
  std::uint32_t uid = 0;
  std::string user;
  std::string account;
  std::string partition;
  std::uint32_t num_nodes = 1;
  std::uint32_t cpus = 0;
  bool simulated = false;  // counters of a test double
  std::string note;        // why a part is estimated; empty where none is
  std::vector<DeviceEnergy> devices;
};

std::string to_json(const EnergyRecord& record);
// Checks every bound (sizes, order of times, totals that fit); an error names the field.
Result<EnergyRecord> record_from_json(std::string_view text);

}  // namespace carbon::ledger

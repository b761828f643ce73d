// SPDX-License-Identifier: Apache-2.0
// The energy record: the energy of one run of one job on one node, as carbond ships it and the ledger stores it. JSON,
// docs/record.md. Identity: cluster, job id, restart count, node, start. A higher revision replaces a lower one; an equal one is
// the same record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/method.h"
#include "core/result.h"
#include "core/time.h"
#include "core/units.h"

namespace carbon::ledger {

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
  std::vector<std::int64_t> mj;                 // energy in each interval
  std::vector<std::int64_t> allocated_idle_ms;  // time in each interval that the device was allocated but idle; empty: not known
  std::int64_t uncertainty_mj = 0;              // half-width of the 95 % interval of the sum
  std::int64_t estimated_mj = 0;                // part of the sum that is estimated (crash, lost readings)
  std::string model{};                          // "NVIDIA A100-SXM4-80GB"; empty: not known
  std::optional<Watts> idle{};                  // of the whole device while no job has it, as measured; none: not known yet
};

struct EnergyRecord {
  std::string cluster;
  std::uint32_t job_id = 0;
  std::uint32_t restart = 0;
  std::optional<Instant> job_start;  // as Slurm has it, the same on all nodes of a run; none: not known on the node
  std::string node;
  Instant start{};
  Instant end{};  // of what is recorded so far; the job's end on this node if `final`
  bool final = false;
  std::uint32_t revision = 0;
  std::uint32_t uid = 0;
  std::string user;
  std::string account;
  std::string partition;
  std::uint32_t num_nodes = 1;
  std::uint32_t cpus = 0;
  bool simulated = false;  // counters of a test double
  std::string note;        // why a part is estimated; empty if none is
  std::vector<DeviceEnergy> devices;
};

// A record and its JSON text exactly as received: a newer carbond's fields that this version does not know stay in it.
struct ReceivedRecord {
  EnergyRecord record;
  std::string json;
};

inline constexpr std::string_view kBackfillNode = "(backfill)";  // of an estimate of a whole job, made afterwards
inline constexpr std::size_t kMaxRecordBytes = 8u << 20;
inline constexpr std::size_t kMaxDevices = 1024;         // of one record
inline constexpr std::size_t kMaxIntervals = 200'000;    // of one device
inline constexpr std::int64_t kMaxRecordMj = 1LL << 53;  // of one record: still exact in a double

std::int64_t total_mj(const DeviceEnergy& device);
std::int64_t total_mj(const EnergyRecord& record);

// On one line. Text that is not UTF-8 is repaired with U+FFFD.
std::string to_json(const EnergyRecord& record);
// Checks every bound (sizes, order of times, totals that fit); an error names the field, what was found and what is accepted.
// Unknown keys are ignored (a newer carbond). A time in the future is accepted: the caller must check that.
Result<EnergyRecord> record_from_json(std::string_view text);
// One record, or an array of at most `max_records`, of at most kMaxRecordBytes each; the error names the element. All or none.
Result<std::vector<ReceivedRecord>> records_from_json(std::string_view text, std::size_t max_records);

}  // namespace carbon::ledger

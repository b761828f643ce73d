// SPDX-License-Identifier: Apache-2.0
// The replay engine: sites with a queue each, driven by a trace and by a decider that stands where Slurm's plugin and carbonctld
// stand. Event-driven, in whole milliseconds, without clock, threads or chance: the same input gives the same run.
//
// The queue model. A job's planned start is its begin time. Jobs whose begin time has come stand in order of begin time, ties by
// arrival, then id; at each event all of them are scanned and each that fits on the free capacity starts (first fit). At one
// moment jobs end first, then arrivals are decided on, then the queues are scanned. docs/replay.md.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/job.h"
#include "core/series.h"
#include "replay/traces/trace.h"

namespace carbon::replay {

inline constexpr std::uint32_t kUnlimited = std::numeric_limits<std::uint32_t>::max();

struct SiteModel {
  std::string name;
  std::string zone;
  std::uint32_t capacity = kUnlimited;  // cpus or gpus, as the trace counts them
  double pue = 1.0;
  double transfer_kwh_per_gb = 0;
};

// Where and when a job is to run. `pieces`, where not empty, interrupt it: all but the last run for their length at most, the
// last until the job is done.
struct Decision {
  std::size_t job = 0;
  Placement place;
  std::vector<Interval> pieces;
};

// Decides, knowing what has happened so far. Jobs are indices into the trace.
class Decider {
 public:
  virtual ~Decider() = default;
  // At each moment with arrivals or for which wake() asked. A decision may replace that of any job that has not started yet; one
  // that lies in the past begins now. Each arrival needs one.
  virtual void decide(Instant now, std::span<const std::size_t> arrived, std::vector<Decision>& decisions) = 0;
  virtual void started(std::size_t /*job*/, std::size_t /*site*/, Instant /*now*/) {}
  virtual void ended(std::size_t /*job*/, Instant /*now*/) {}
  // How far the lengths that it was told were off, on average.
  virtual Duration mean_runtime_error() const { return Duration(0); }
  // When to ask again at the latest; none: at the next arrival.
  virtual std::optional<Instant> wake() const { return std::nullopt; }
};

struct JobRun {
  std::size_t site = 0;
  Instant start;  // first start
  Instant end;
  std::vector<Interval> parts;  // where it was interrupted: all parts; else empty
};

struct EngineOptions {
  std::function<void(std::size_t done, std::size_t total)> progress;  // now and then, where set
};

// Runs all jobs to their end. Precondition: each job's width fits on each site that the decider may send it to.
std::vector<JobRun> run(std::span<const Job> jobs, std::span<const SiteModel> sites, Decider& decider,
                        const EngineOptions& options = {});

}  // namespace carbon::replay

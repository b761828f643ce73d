// SPDX-License-Identifier: Apache-2.0
// The replay engine: a discrete-event simulation of sites with a queue each, driven by a trace and a decider in the role of
// Slurm's plugin and carbonctld. Whole milliseconds, no clock, threads or randomness: the same input gives the same run.
//
// The queue model. A job's planned start is its begin time. Jobs past their begin time queue in order of begin time, ties by
// arrival, then id; at each event the queue is scanned and each job that fits on the free capacity starts (first fit). At one
// moment jobs end first, then arrivals are decided, then the queues are scanned. docs/replay.md.
//
// It has an event loop of its own instead of planner/resource_profile.h: starts are exact and depend on what ended by then.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/series.h"
#include "core/slurm/job.h"
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

// Where and when a job is to run. `intervals`: if not empty, the intervals of an interrupted job; the last one runs until the job
// is done.
struct Decision {
  std::size_t job = 0;
  Placement place;
  std::vector<Interval> intervals;
};

// Decides with knowledge of the past only. Jobs are indices into the trace.
class Decider {
 public:
  virtual ~Decider() = default;
  // Called at each moment with arrivals, and when wake() requests it. A decision may replace that of any job that has not
  // started; a start in the past means now. Each arrival needs a decision.
  virtual void decide(Instant now, std::span<const std::size_t> arrived, std::vector<Decision>& decisions) = 0;
  virtual void started(std::size_t /*job*/, std::size_t /*site*/, Instant /*now*/) {}
  virtual void ended(std::size_t /*job*/, Instant /*now*/) {}
  // The mean error of the run times that it was given.
  virtual Duration mean_runtime_error() const { return Duration(0); }
  // When to call decide() next at the latest; none: at the next arrival.
  virtual std::optional<Instant> wake() const { return std::nullopt; }
};

struct JobRun {
  std::size_t site = 0;
  Instant start;  // first start
  Instant end;
  std::vector<Interval> parts;  // of an interrupted job: all parts; else empty
};

struct EngineOptions {
  std::function<void(std::size_t done, std::size_t total)> progress;  // called now and then, if set
};

// Runs all jobs to their end. Precondition: each job's width fits on each site that the decider may send it to.
std::vector<JobRun> run(std::span<const Job> jobs, std::span<const SiteModel> sites, Decider& decider,
                        const EngineOptions& options = {});

}  // namespace carbon::replay

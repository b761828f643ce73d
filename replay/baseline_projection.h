// SPDX-License-Identifier: Apache-2.0
// Baseline projection: when the waiting jobs would start without deferral (run-now), knowing only the jobs that have arrived. A
// later job overtakes only an earlier one that does not fit, which delays the earlier one further; so a projected start is never
// later than the actual one.
#pragma once

#include <span>
#include <vector>

#include "replay/setting.h"

namespace carbon::replay {

class BaselineProjection {
 public:
  // `run_now`: the run-now run. Only its starts and ends up to the present are used.
  BaselineProjection(const Trace& trace, const Setting& setting, std::span<const JobRun> run_now)
      : trace_(trace), setting_(setting), run_now_(run_now), expected_(trace.jobs.size()) {}

  void arrived(std::size_t job) { waiting_.push_back(job); }
  // To be called at each moment before start(), after the arrivals.
  void advance(Instant now);
  // The job's start in the run-now run if it is past, else its projected start.
  Instant start(std::size_t job) const { return expected_[job]; }

 private:
  void expect(std::size_t site, Instant now);

  const Trace& trace_;
  const Setting& setting_;
  std::span<const JobRun> run_now_;
  std::vector<std::size_t> waiting_;  // in order of arrival
  std::vector<std::size_t> running_;
  std::vector<Instant> expected_;  // per job of the trace
};

}  // namespace carbon::replay

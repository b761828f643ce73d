// SPDX-License-Identifier: Apache-2.0
// When the jobs that still wait in the run-now run would start there, as far as that can be told by now: knowing the jobs that
// have arrived, none that is still to come. A later job can only overtake where an earlier one does not fit, which makes the
// earlier one later still; so what is said here is not later than what comes.
#pragma once

#include <span>
#include <vector>

#include "replay/setting.h"

namespace carbon::replay {

class BaselineProjection {
 public:
  // `run_now`: the run-now run. Of it only starts and ends up to the present are looked at.
  BaselineProjection(const Trace& trace, const Setting& setting, std::span<const JobRun> run_now)
      : trace_(trace), setting_(setting), run_now_(run_now), expected_(trace.jobs.size()) {}

  void arrived(std::size_t job) { waiting_.push_back(job); }
  // To be called at each moment at which start() is asked, after the arrivals.
  void advance(Instant now);
  // The job's start in the run-now run where it lies behind, else when it is expected.
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

// SPDX-License-Identifier: Apache-2.0
// Converts jobs of a trace to the requests that a policy sees when they arrive.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "core/slurm/job.h"
#include "replay/setting.h"

namespace carbon::replay {

class Requests {
 public:
  // Both must outlive this.
  Requests(const Trace& trace, const Setting& setting);

  // The request with present knowledge. Precondition: the job has a home.
  JobRequest at_arrival(std::size_t job) const;
  Duration class_mean(std::size_t large) const { return class_mean_[large]; }  // 0: small, 1: large
  // The same, for a decider: called once per job, in order of arrival. Under a slowdown bound B each job adds B to its
  // user's credit and may wait for the remaining credit times its run time. That wait is charged at once, so the sum never
  // exceeds B per job.
  JobRequest arrived(std::size_t job);
  // The mean error of the run times given on arrival.
  Duration mean_runtime_error() const { return arrived_ > 0 ? error_sum_ / arrived_ : Duration(0); }
  // Notes the end of a job, for the predictions.
  void ended(std::size_t job);

 private:
  Duration expected_runtime(const Job& job) const;
  // Mean of the user's two last jobs to end, not above the job's limit (Tsafrir, Etsion and Feitelson, TPDS 2007); for a user
  // without history the mean of all jobs that ended, and before that the limit.
  Duration predicted_runtime(const Job& job) const;

  const Trace& trace_;
  const Setting& setting_;
  std::array<Duration, 2> class_mean_{};  // small, large
  struct History {
    std::array<Duration, 2> last{};
    std::size_t count = 0;
  };
  std::vector<History> of_user_;
  std::vector<double> credit_;  // per user, in slowdown
  Duration ended_sum_{0};
  std::int64_t ended_count_ = 0;
  Duration error_sum_{0};
  std::int64_t arrived_ = 0;
};

}  // namespace carbon::replay

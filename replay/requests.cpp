// SPDX-License-Identifier: Apache-2.0
#include "replay/requests.h"

#include <algorithm>

namespace carbon::replay {

Requests::Requests(const Trace& trace, const Setting& setting)
    : trace_(trace), setting_(setting), of_user_(trace.users.size()), credit_(trace.users.size(), 0.0) {
  std::array<std::int64_t, 2> count{};
  for (const auto& job : trace.jobs) {
    const std::size_t large = setting.caps.is_small(job.runtime) ? 0 : 1;
    class_mean_[large] += job.runtime;
    ++count[large];
  }
  for (std::size_t c = 0; c < 2; ++c) {
    if (count[c] > 0) class_mean_[c] /= count[c];
  }
}

JobRequest Requests::at_arrival(std::size_t index) const {
  const Job& job = trace_.jobs[index];
  JobRequest request{.ready = job.arrival,
                     .runtime = expected_runtime(job),
                     .max_delay = setting_.caps.of(job.runtime),
                     .power = setting_.power_per_unit * job.width,
                     .home = job.home,
                     .sites = 0,
                     .data_gb = job.data_gb};
  for (std::size_t s = 0; s < setting_.sites.size(); ++s) {
    if (job.width <= setting_.sites[s].capacity) request.sites |= std::uint64_t{1} << s;
  }
  return request;
}

JobRequest Requests::arrived(std::size_t index) {
  JobRequest request = at_arrival(index);
  error_sum_ += std::chrono::abs(request.runtime - trace_.jobs[index].runtime);
  ++arrived_;
  if (!setting_.slowdown_bound) return request;
  double& credit = credit_[trace_.jobs[index].user];
  credit += *setting_.slowdown_bound;
  const auto runtime = static_cast<double>(std::max(request.runtime, Duration(1)).count());
  request.max_delay = std::min(request.max_delay, Duration(static_cast<std::int64_t>(credit * runtime)));
  credit -= static_cast<double>(request.max_delay.count()) / runtime;
  return request;
}

Duration Requests::expected_runtime(const Job& job) const {
  switch (setting_.runtime) {
    case RuntimeSource::kExact: return job.runtime;
    case RuntimeSource::kClassMean: return class_mean_[setting_.caps.is_small(job.runtime) ? 0 : 1];
    case RuntimeSource::kLimit: return job.limit;
    case RuntimeSource::kPredicted: return predicted_runtime(job);
  }
  return job.runtime;
}

Duration Requests::predicted_runtime(const Job& job) const {
  const History& history = of_user_[job.user];
  Duration guess{0};
  if (history.count > 0)
    guess = history.count == 1 ? history.last[0] : (history.last[0] + history.last[1]) / 2;
  else if (ended_count_ > 0)
    guess = ended_sum_ / ended_count_;
  else
    guess = job.limit > Duration(0) ? job.limit : std::chrono::hours(1);
  return job.limit > Duration(0) ? std::min(guess, job.limit) : guess;
}

void Requests::ended(std::size_t index) {
  const Job& job = trace_.jobs[index];
  History& history = of_user_[job.user];
  history.last[history.count % 2] = job.runtime;
  ++history.count;
  ended_sum_ += job.runtime;
  ++ended_count_;
}

}  // namespace carbon::replay

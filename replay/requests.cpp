// SPDX-License-Identifier: Apache-2.0
#include "replay/requests.h"

#include <algorithm>

namespace carbon::replay {

Requests::Requests(const Trace& trace, const Setting& setting)
    : trace_(trace), setting_(setting), of_user_(trace.users.size()), credit_(trace.users.size(), 0.0) {
  std::array<std::int64_t, 2> count{};
  for (const auto& job : trace.jobs) {
    const std::size_t large = setting.caps.is_small(job.length) ? 0 : 1;
    class_mean_[large] += job.length;
    ++count[large];
  }
  for (std::size_t c = 0; c < 2; ++c) {
    if (count[c] > 0) class_mean_[c] /= count[c];
  }
}

JobRequest Requests::at_arrival(std::size_t index) const {
  const Job& job = trace_.jobs[index];
  JobRequest request{.ready = job.arrival,
                     .length = expected_length(job),
                     .max_delay = setting_.caps.of(job.length),
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
  error_sum_ += std::chrono::abs(request.length - trace_.jobs[index].length);
  ++arrived_;
  if (!setting_.stretch_bound) return request;
  double& credit = credit_[trace_.jobs[index].user];
  credit += *setting_.stretch_bound;
  const auto length = static_cast<double>(std::max(request.length, Duration(1)).count());
  request.max_delay = std::min(request.max_delay, Duration(static_cast<std::int64_t>(credit * length)));
  credit -= static_cast<double>(request.max_delay.count()) / length;
  return request;
}

Duration Requests::expected_length(const Job& job) const {
  switch (setting_.length) {
    case LengthSource::kExact: return job.length;
    case LengthSource::kClassMean: return class_mean_[setting_.caps.is_small(job.length) ? 0 : 1];
    case LengthSource::kLimit: return job.limit;
    case LengthSource::kPredicted: return predicted_length(job);
  }
  return job.length;
}

Duration Requests::predicted_length(const Job& job) const {
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
  history.last[history.count % 2] = job.length;
  ++history.count;
  ended_sum_ += job.length;
  ++ended_count_;
}

}  // namespace carbon::replay

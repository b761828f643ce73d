// SPDX-License-Identifier: Apache-2.0
#include "scarbon/sacct/backfill.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <tuple>

#include "core/slurm/decision_token.h"
#include "core/slurm/tres.h"
#include "scarbon/controller_client.h"
#include "scarbon/sacct/sacct.h"

namespace carbon::scarbon {
namespace {

enum Column : std::size_t {
  kCluster,
  kJobIdRaw,
  kStart,
  kUser,
  kUid,
  kAccount,
  kPartition,
  kState,
  kEnd,
  kTres,
  kComment,
  kColumns
};
constexpr Duration kStep = std::chrono::hours(1);
constexpr double kIdleShare = 1.0 / 7;

std::optional<std::uint32_t> number(const std::string& text) {
  std::uint32_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  return ec == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// States after which Slurm runs a job again, as another run of the same job.
bool may_run_again(const std::string& state) {
  return state == "REQUEUED" || state == "PREEMPTED" || state == "NODE_FAIL" || state == "BOOT_FAIL";
}

}  // namespace

std::optional<PastJob> past_job(const std::vector<std::string>& row) {
  if (row.size() != kColumns) return std::nullopt;
  const auto id = number(row[kJobIdRaw]);
  if (!id || *id == 0) return std::nullopt;
  PastJob job;
  job.cluster = row[kCluster];
  job.job_id = *id;
  job.user = row[kUser];
  job.uid = number(row[kUid]).value_or(0);
  job.account = row[kAccount];
  job.partition = row[kPartition];
  job.state = row[kState].substr(0, row[kState].find(' '));
  job.start = sacct_time(row[kStart]);
  job.end = sacct_time(row[kEnd]);
  job.gpus = gpus_in_tres(row[kTres]).value_or(GpuSum{}).count;
  job.admin_comment = row[kComment];
  return job;
}

std::vector<PastJob> past_jobs(const std::vector<std::vector<std::string>>& rows) {
  std::vector<PastJob> jobs;
  for (const auto& row : rows) {
    if (auto job = past_job(row)) jobs.push_back(std::move(*job));
  }
  std::stable_sort(jobs.begin(), jobs.end(), [](const auto& a, const auto& b) {
    return std::tuple(a.cluster, a.job_id, a.start.value_or(Instant::max())) <
           std::tuple(b.cluster, b.job_id, b.start.value_or(Instant::max()));
  });
  for (std::size_t i = 1; i < jobs.size(); ++i) {
    const auto& before = jobs[i - 1];
    auto& job = jobs[i];
    if (before.cluster == job.cluster && before.job_id == job.job_id && before.uid == job.uid && may_run_again(before.state))
      job.restart = before.restart + 1;
  }
  return jobs;
}

std::optional<ledger::EnergyRecord> estimate_of(const PastJob& job, Watts gpu_power) {
  if (job.gpus <= 0 || !job.start || !job.end || *job.end <= *job.start) return std::nullopt;
  ledger::EnergyRecord r;
  r.cluster = job.cluster;
  r.job_id = job.job_id;
  r.restart = job.restart;
  r.node = ledger::kBackfillNode;
  r.start = *job.start;
  r.end = *job.end;
  r.final = true;
  r.uid = job.uid;
  r.user = job.user;
  r.account = job.account;
  r.partition = job.partition;
  r.note = "estimated by scarbon backfill: not metered, assumed power of each GPU " +
           std::to_string(std::lround(gpu_power.value())) + " W";
  ledger::DeviceEnergy d;
  d.type = "gpu";
  d.method = Method::kEstimated;
  d.step = kStep;
  d.first = Instant(std::chrono::floor<std::chrono::hours>(r.start));
  std::int64_t sum = 0;
  for (auto from = d.first; from < r.end; from += kStep) {
    const auto overlap = std::min(r.end, from + kStep) - std::max(r.start, from);
    d.mj.push_back(std::llround(gpu_power.value() * static_cast<double>(overlap.count())));
    sum += d.mj.back();
  }
  d.estimated_mj = sum;
  d.uncertainty_mj = std::llround((1 - kIdleShare) * static_cast<double>(sum));
  for (int k = 0; k < static_cast<int>(std::ceil(job.gpus)) && k < static_cast<int>(ledger::kMaxDevices); ++k) {
    d.device = "GPU-estimated-" + std::to_string(k);
    d.minor = static_cast<std::uint32_t>(k);
    r.devices.push_back(d);
  }
  return r;
}

bool lacks_summary(const PastJob& job, const JobRuns& runs) {
  const auto known =
      std::any_of(runs.begin(), runs.end(), [](const auto& run) { return number_at(run, "energy_kwh").has_value(); });
  return known && job.end && !DecisionToken::parse(job.admin_comment).has_summary();
}

}  // namespace carbon::scarbon

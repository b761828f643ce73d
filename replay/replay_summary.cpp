// SPDX-License-Identifier: Apache-2.0
#include "replay/replay_summary.h"

#include <algorithm>

#include "policies/policy.h"
#include "replay/requests.h"

namespace carbon::replay {
namespace {

constexpr Duration kLate = std::chrono::seconds(5);

Duration wait_of(const Job& job, const JobRun& run) { return run.end - job.arrival - job.runtime; }

void add_emission(const Setting& setting, const Job& job, const JobRun& run, Interval part, Summary& summary) {
  const SiteModel& site = setting.sites[run.site];
  const auto window = setting.actual[run.site].view().integrate(part.start, part.end);
  const double watts = setting.power_per_unit.value() * job.width * site.pue;
  summary.carbon += GramsCo2e(window.gram_seconds_per_kwh * watts / kJoulesPerKwh);
  summary.unknown_job_hours += seconds(part.length() - window.covered) / 3600;
}

}  // namespace

Summary summarize(const Trace& trace, const Setting& setting, std::span<const JobRun> runs, std::span<const JobRun> run_now) {
  Summary summary;
  std::vector<SiteForecast> sites;
  for (std::size_t s = 0; s < setting.sites.size(); ++s)
    sites.push_back({setting.actual[s].view(), setting.sites[s].pue, setting.sites[s].transfer_kwh_per_gb});
  const Requests requests(trace, setting);
  std::vector<Duration> waits;
  std::vector<std::pair<double, double>> growth(trace.users.size());  // per user: sum, jobs
  waits.reserve(runs.size());
  Instant last_end = trace.jobs.front().arrival;
  Duration sum{0};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Job& job = trace.jobs[i];
    const JobRun& run = runs[i];
    if (run.parts.empty()) add_emission(setting, job, run, {run.start, run.end}, summary);
    for (const auto& part : run.parts) add_emission(setting, job, run, part, summary);
    if (run.site != job.home) {
      ++summary.moved;
      if (const auto transfer = policies::transfer_emission(requests.at_arrival(i), sites, run.site)) summary.carbon += *transfer;
    }
    const Duration wait = wait_of(job, run);
    const Duration late = wait - std::max(setting.caps.of(job.runtime), wait_of(job, run_now[i]));
    if (late > kLate) {
      ++summary.cap_violations;
      summary.worst_violation = std::max(summary.worst_violation, late);
    }
    waits.push_back(wait);
    auto& [slowdown, jobs] = growth[job.user];
    slowdown += seconds(wait - wait_of(job, run_now[i])) / std::max(seconds(job.runtime), 1e-3);
    ++jobs;
    sum += wait;
    last_end = std::max(last_end, run.end);
  }
  for (const auto& [slowdown, jobs] : growth) {
    if (jobs > 0) summary.worst_slowdown_growth = std::max(summary.worst_slowdown_growth, slowdown / jobs);
  }
  std::sort(waits.begin(), waits.end());
  summary.mean_wait = sum / static_cast<std::int64_t>(waits.size());
  summary.p95_wait = waits[(waits.size() * 95 + 99) / 100 - 1];  // nearest rank
  summary.max_wait = waits.back();
  summary.makespan = last_end - trace.jobs.front().arrival;
  return summary;
}

}  // namespace carbon::replay

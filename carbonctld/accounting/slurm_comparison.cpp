// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/accounting/slurm_comparison.h"

#include <algorithm>

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

constexpr Duration kNodesMayBeLate = 1h;
constexpr Duration kSlurmMayBeLate = 1h;
constexpr Duration kStep = 2h;
constexpr Duration kLongestPast = 24h * 400;
constexpr Duration kEvery = 1h;
constexpr Duration kWhileBehind = 10s;

}  // namespace

Result<Instant> SlurmComparison::begin(Instant until) const {
  const auto first = store_.first_end();
  if (!first) return first.error();
  return std::clamp(first->value_or(until), until - kLongestPast, until);
}

// Empty if several sites share the partition: slurmdbd does not say which of them it was.
std::string SlurmComparison::site_of(const std::string& partition) const {
  std::string name;
  for (const auto& site : sites_) {
    if (!site.cluster.empty() || std::find(site.partitions.begin(), site.partitions.end(), partition) == site.partitions.end())
      continue;
    if (!name.empty()) return "";
    name = site.name;
  }
  return name;
}

Result<Duration> SlurmComparison::step(Instant now) {
  const Instant until = std::chrono::floor<std::chrono::seconds>(now) - kNodesMayBeLate;
  const auto compared = store_.compared();
  if (!compared) return compared.error();
  const auto from = *compared ? Result<Instant>((*compared)->end) : begin(until);
  if (!from) return from.error();
  if (*from >= until && *compared) return kEvery;
  const Interval ended{*compared ? *from - kSlurmMayBeLate : *from, std::min(*from + kStep, until)};
  const auto jobs = slurm_.ended_jobs(cluster_, ended);
  if (!jobs) return jobs.error();
  std::vector<ledger::SlurmRun> runs;
  for (const auto& j : *jobs) {
    if (j.gpus == 0U) continue;
    ledger::SlurmRun run{cluster_, j.job_id, j.start, j.end, j.user, j.account, j.partition, site_of(j.partition),
                         j.qos,    j.wckey,  j.state, {}};
    if (j.gpus) run.gpu_ms = (j.end - j.start).count() * static_cast<std::int64_t>(*j.gpus);
    runs.push_back(std::move(run));
  }
  const auto done = store_.compare({*from, ended.end}, runs);
  if (!done) return done.error();
  return ended.end < until ? kWhileBehind : kEvery;
}

}  // namespace carbon::carbonctld

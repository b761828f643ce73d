// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/replan/replan_jobs.h"

#include <algorithm>
#include <sstream>

#include "carbonctld/replan/interrupt.h"
#include "placement/fit.h"

namespace carbon::carbonctld {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLead = 2s;  // a begin time that is this near is not changed
constexpr Duration kLeastRuntime = 1s;
constexpr Duration kNoLimit = 7 * 24h;  // assumed for a job without a time limit

template <class T>
bool has(const std::vector<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

template <class Text>
bool has_all(const std::vector<Text>& list, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& w) { return has(list, Text(w)); });
}

// As in Slurm's answers: empty for the own cluster.
const std::string& cluster_of(const Site& site, const config::Config& config) {
  static const std::string own;
  return site.cluster == config.cluster ? own : site.cluster;
}

std::optional<std::size_t> position_of(const std::string& partition, const Site& site) {
  const auto it = std::find(site.partitions.begin(), site.partitions.end(), partition);
  if (it == site.partitions.end()) return std::nullopt;
  return static_cast<std::size_t>(it - site.partitions.begin());
}

// `name` as a token has it.
std::optional<std::size_t> site_named(std::string_view name, const config::Config& config) {
  for (std::size_t s = 0; s < std::min(config.sites.size(), kMostSites); ++s) {
    if (as_in_token(config.sites[s].name) == name) return s;
  }
  return std::nullopt;
}

// A federation sends a job to another cluster unchanged: same partition, same constraint. Arrays cannot be sent.
bool can_change_cluster(const QueuedJob& job, const Site& from, const Site& to, std::size_t position) {
  return job.federated && job.array_job_id == 0 && to.partitions[position] == job.partition && from.features.empty() &&
         to.features.empty();
}

// Bit i: the job may be sent to site i, one of those that it fitted at submission.
std::uint64_t sites_for(const WaitingJob& w, const config::Config& config) {
  std::uint64_t mask = std::uint64_t{1} << w.site;
  const auto position = position_of(w.job->partition, config.sites[w.site]);
  if (!position || !placement::plain_constraint(w.job->features)) return mask;
  std::stringstream names(w.token.sites);
  for (std::string name; std::getline(names, name, '+');) {
    const auto site = site_named(name, config);
    if (!site || *position >= config.sites[*site].partitions.size()) continue;
    const auto &from = config.sites[w.site], &to = config.sites[*site];
    if (cluster_of(to, config) == w.job->cluster || can_change_cluster(*w.job, from, to, *position))
      mask |= std::uint64_t{1} << *site;
  }
  return mask;
}

// The deferred job that the token describes; none if it describes no deferral.
std::optional<WaitingJob> deferred(const QueuedJob& job, const config::Config& config) {
  WaitingJob w;
  w.token = DecisionToken::parse(job.admin_comment);
  const auto mode = w.token.mode.value_or(CarbonMode::kOff);
  const auto planned = w.token.planned, latest = w.token.latest;
  const auto home = site_named(w.token.home, config), site = site_named(w.token.site, config);
  if (mode == CarbonMode::kOff || w.token.observe || !planned || !latest || !home || !site) return std::nullopt;
  if (*planned <= job.submit + kLead) return std::nullopt;  // sent elsewhere to start at once
  w.job = &job;
  w.mode = mode;
  w.home = *home;
  w.site = *site;
  w.planned = *planned;
  w.latest = *latest;
  w.cap = w.token.cap.value_or(*latest);
  w.data_gb = w.token.data_gigabytes();
  w.runtime = expected_runtime(job, config.placement);
  w.power = config.placement.gpu_power * job.units();
  return w;
}

// A user chose another time or place for the job, or holds it.
bool user_changed(const WaitingJob& w, const SlurmQueue& queue, const config::Config& config) {
  if (w.job->held || w.job->begin != w.planned) return true;
  return site_of(*w.job, queue, config) != std::optional(w.site);
}

JobChange give_up(WaitingJob w) {
  w.token.user_choice = true;
  JobChange change;
  change.id = w.job->id;
  change.admin_comment = w.token.put_into(w.job->admin_comment);
  return change;
}

// A job of another cluster is changed through the federation only: a local job may have the same number.
bool is_ours(const QueuedJob& job, bool all) { return job.cluster.empty() || (all && job.federated); }

// Slurm does not report a refusal. The job is sent home for good.
std::optional<JobChange> called_back(const QueuedJob& job, const config::Config& config) {
  auto token = DecisionToken::parse(job.admin_comment);
  if (token.home.empty() || token.observe) return std::nullopt;
  token.site = token.home;
  token.sites.clear();
  JobChange change;
  change.id = job.id;
  change.clusters = job.cluster.empty() ? config.cluster : job.cluster;
  change.admin_comment = token.put_into(job.admin_comment);
  return change;
}

void read_pending(const QueuedJob& job, const SlurmQueue& queue, const config::Config& config, Instant now, bool all,
                  QueueReading& out) {
  const bool blocked = job.held || !job.dependency.empty() || !job.reservation.empty();
  // A job that Slurm requeued is not deferred again. A job that we requeued waits for its begin time (interrupt.h).
  const bool another_run = job.restarts > 0 && !interrupted_by_us(job);
  auto ours = job.heterogeneous || another_run || !is_ours(job, all) ? std::nullopt : deferred(job, config);
  if (ours && ours->token.again) return;
  if (ours && user_changed(*ours, queue, config)) {
    out.given_up.push_back(give_up(*ours));
    ours.reset();
  }
  if (blocked) return;
  if (ours && job.begin > now + kLead) {
    ours->sites = sites_for(*ours, config);
    out.waiting.push_back(std::move(*ours));
    return;
  }
  const auto site = site_of(job, queue, config);
  if (site && job.begin != Instant{} && job.begin <= now + kLead)
    out.queueing.push_back({&job, *site, expected_runtime(job, config.placement), std::move(ours)});
}

double capacity_of(const Site& site, const SlurmQueue& queue, const config::Config& config) {
  double sum = 0;
  for (const auto& node : queue.nodes) {
    const bool in_partition =
        std::any_of(site.partitions.begin(), site.partitions.end(), [&](const auto& p) { return has(node.partitions, p); });
    if (node.cluster == cluster_of(site, config) && in_partition && has_all(node.features, site.features)) sum += node.gpus;
  }
  return sum;
}

}  // namespace

Duration expected_runtime(const QueuedJob& job, const PlacementRules& rules) {
  const auto limit = job.limit > Duration::zero() ? job.limit : Duration(kNoLimit);
  return std::max(std::chrono::duration_cast<Duration>(limit * rules.expected_share_of_limit), Duration(kLeastRuntime));
}

std::optional<std::size_t> site_of(const QueuedJob& job, const SlurmQueue& queue, const config::Config& config) {
  auto features = placement::plain_constraint(job.features).value_or(std::vector<std::string_view>{});
  if (job.state == JobState::kRunning) {
    const auto node = std::find_if(queue.nodes.begin(), queue.nodes.end(),
                                   [&](const auto& n) { return n.name == job.node && n.cluster == job.cluster; });
    if (node != queue.nodes.end()) features.assign(node->features.begin(), node->features.end());
  }
  const auto partition = job.partition.substr(0, job.partition.find(','));
  std::optional<std::size_t> first;
  for (std::size_t s = 0; s < std::min(config.sites.size(), kMostSites); ++s) {
    const auto& site = config.sites[s];
    if (cluster_of(site, config) != job.cluster || !has(site.partitions, partition)) continue;
    if (has_all(features, site.features)) return s;
    if (!first) first = s;
  }
  return first;  // no feature distinguishes the sites that share the partition: the first one
}

QueueReading read_queue(const SlurmQueue& queue, const config::Config& config, Instant now, bool all) {
  QueueReading out;
  for (const auto& site : config.sites) out.capacity.push_back(capacity_of(site, queue, config));
  for (const auto& job : queue.jobs) {
    if (job.gpus <= 0) continue;
    if (job.stranded && is_ours(job, all)) {
      if (auto change = called_back(job, config)) out.called_back.push_back(std::move(*change));
    }
    if (job.state == JobState::kPending) read_pending(job, queue, config, now, all, out);
    if (job.state != JobState::kRunning) continue;
    const auto site = site_of(job, queue, config);
    if (!site) continue;
    out.running.push_back({&job, *site, expected_runtime(job, config.placement)});
  }
  return out;
}

}  // namespace carbon::carbonctld

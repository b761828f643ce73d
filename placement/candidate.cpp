// SPDX-License-Identifier: Apache-2.0
#include "placement/candidate.h"

#include <algorithm>

namespace carbon::placement {
namespace {

using snapshot::SnapshotContent;

constexpr Duration kShortest = std::chrono::seconds(1);

bool here(const SnapshotContent& snapshot, const PartitionRule& p) {
  return p.site < count_of_sites(snapshot) && snapshot.sites[p.site].cluster.empty();
}

// The user's --clusters; a list with commas.
bool wants_cluster(const SubmitRequest& job, const std::string& cluster) {
  std::string_view rest = job.clusters;
  if (rest.empty() || same_name(rest, "all")) return true;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    if (same_name(rest.substr(0, end), cluster)) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

// A federation forwards the original request: its partition must exist there under the same name, and no features of sites can be
// added.
bool within_reach(const SubmitRequest& job, const SnapshotContent& snapshot, const PartitionRule& home, const PartitionRule& p) {
  if (here(snapshot, p)) return true;
  if (p.site >= count_of_sites(snapshot) || snapshot.sites[p.site].fed_id == 0 || !federated(job, snapshot, home)) return false;
  return p.name == home.name && !job.cluster_pinned && (!job.default_partition || p.limits.is_default) && !shared(p, snapshot) &&
         wants_cluster(job, snapshot.sites[p.site].cluster);
}

// The site's features of its constraint: none where it names no feature of the site's.
bool names_all(const std::vector<std::string_view>& wanted, const std::vector<std::string>& features) {
  return std::all_of(features.begin(), features.end(),
                     [&](const auto& f) { return std::find(wanted.begin(), wanted.end(), f) != wanted.end(); });
}

// The user's own choice of a site is respected: a job that requests its site's features is not moved.
bool chose_site(const SubmitRequest& job, const SnapshotContent& snapshot, const PartitionRule& home) {
  const auto& features = snapshot.sites[home.site].features;
  const auto wanted = plain_constraint(job.constraint);
  return !features.empty() && wanted && names_all(*wanted, features);
}

// The longest delay that rules, user and deadline allow. Half of the slack before a deadline is left for waiting in the queue,
// which cannot be known at submission.
Duration delay_cap(const SubmitRequest& job, Duration most, Duration asked, Duration runtime, Instant now) {
  auto cap = std::min(asked, most);
  if (job.deadline) cap = std::min(cap, (*job.deadline - runtime - now) / 2);
  return std::max(cap, Duration::zero());
}

void allow_other_sites(const SubmitRequest& job, const SnapshotContent& snapshot, const PartitionRule& home,
                       Candidate& candidate) {
  const auto features = plain_constraint(job.constraint);
  if (!features || chose_site(job, snapshot, home)) return;
  Needs needs{job.size, *job.gpus, *features, job.who, job.time_limit};
  for (const auto& p : snapshot.partitions) {
    if (p.site == home.site || p.position != home.position || !within_reach(job, snapshot, home, p)) continue;
    if (!fits(needs, snapshot, home, p)) continue;
    candidate.job.sites |= std::uint64_t{1} << p.site;
    candidate.partition_at[p.site] = &p;
  }
}

// With --exclusive the job is allocated all GPUs of its nodes, requested or not.
std::uint32_t gpus_allocated(const SubmitRequest& job, const PartitionLimits& home) {
  if (!job.size.whole_nodes) return job.gpus->count;
  const auto each = gpus_of_each_node(home);
  const auto allocated = each ? std::uint64_t{*each} * job.size.nodes : 0;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(std::max<std::uint64_t>(allocated, job.gpus->count), 1'000'000));
}

policies::Policy policy_for(CarbonMode mode) {
  if (mode == CarbonMode::kRelocate) return policies::greenest_site;
  return may_relocate(mode) ? policies::greenest_window : policies::lowest_window;
}

// Its time limit; zero: none.
Duration limit_of(const SubmitRequest& job, const PartitionRule& home) {
  return job.time_limit.value_or(limit_without_request(home.limits));
}

}  // namespace

Result<JobOptions> read_job_options(const SubmitRequest& job, CarbonMode default_mode) {
  JobOptions options{default_mode};
  if (job.mode) {
    const auto mode = parse_carbon_mode(*job.mode);
    if (!mode) return Error{"--carbon: " + mode.error().message};
    options.mode = *mode;
  }
  if (job.max_delay) {
    const auto delay = parse_slurm_duration(*job.max_delay);
    if (!delay) return Error{"--carbon-max-delay: " + delay.error().message};
    options.max_delay = *delay;
  }
  if (job.data_gb) {
    const auto gb = parse_data_gb(*job.data_gb);
    if (!gb) return Error{"--carbon-data: " + gb.error().message};
    options.data_gb = *gb;
  }
  return options;
}

const char* ineligible_reason(const SubmitRequest& job) {
  // All parts of a heterogeneous job start together, and each is seen alone here.
  if (job.heterogeneous) return "it is a heterogeneous job";
  if (job.interactive) return "it is interactive";
  if (job.begin_given) return "it has a begin time";
  if (job.reservation) return "it runs in a reservation";
  if (job.dependency) return "it depends on another job";
  if (job.held) return "it is held";
  if (job.periodic) return "it is a periodic job";
  if (job.unlimited) return "it has no time limit";
  if (!job.array) return "its --array could not be parsed";
  if (!job.gpus) return "its GPU request could not be parsed";
  if (job.partition.find(',') != std::string_view::npos) return "it requests more than one partition";
  return nullptr;
}

std::size_t count_of_sites(const SnapshotContent& snapshot) { return std::min(snapshot.sites.size(), kMostSites); }

const std::string& cluster_of(std::uint32_t site, const SnapshotContent& snapshot) {
  const auto& cluster = snapshot.sites[site].cluster;
  return cluster.empty() ? snapshot.cluster : cluster;
}

bool shared(const PartitionRule& p, const SnapshotContent& snapshot) {
  return std::any_of(snapshot.partitions.begin(), snapshot.partitions.end(), [&](const auto& other) {
    return other.name == p.name && other.site != p.site && snapshot.sites[other.site].cluster == snapshot.sites[p.site].cluster;
  });
}

bool federated(const SubmitRequest& job, const SnapshotContent& snapshot, const PartitionRule& home) {
  return snapshot.sites[home.site].fed_id != 0 && !job.in_array && !job.heterogeneous;
}

const PartitionRule* find_home(const SubmitRequest& job, const SnapshotContent& snapshot) {
  const PartitionRule* first = nullptr;
  for (const auto& p : snapshot.partitions) {
    if (p.name != job.partition || !here(snapshot, p)) continue;
    if (snapshot.sites[p.site].fed_id != 0 && !wants_cluster(job, snapshot.cluster)) continue;
    if (first == nullptr) first = &p;
    if (chose_site(job, snapshot, p)) return &p;
  }
  return first;
}

const PartitionRule* find_origin(const SubmitRequest& job, const SnapshotContent& snapshot) {
  const PartitionRule* first = nullptr;
  for (const auto& p : snapshot.partitions) {
    if (p.site >= count_of_sites(snapshot) || snapshot.sites[p.site].fed_id != job.origin || p.name != job.partition) continue;
    if (first == nullptr) first = &p;
    if (chose_site(job, snapshot, p)) return &p;
  }
  return first;
}

JobRules rules_of(const SubmitRequest& job, const SnapshotContent& snapshot, const PartitionRule* home) {
  const auto limit = home == nullptr ? Duration::zero() : limit_of(job, *home);
  return rules_for(snapshot.rules, {job.partition, job.who.qos, job.who.account, job.who.uid}, limit);
}

Result<Candidate> make_candidate(const SubmitRequest& job, const SnapshotContent& snapshot, const PartitionRule& home,
                                 const JobRules& rules, const JobOptions& options, Instant now) {
  const auto limit = limit_of(job, home);
  if (limit <= Duration::zero()) return Error{"it has no time limit"};
  if (!rules.allowed.has(options.mode)) {
    return Error{"--carbon=" + std::string(to_string(options.mode)) +
                 " is not allowed for this job; allowed: " + rules.allowed.text()};
  }
  const auto gpus = gpus_allocated(job, home.limits);
  if (gpus == 0 || gpus < rules.min_gpus)
    return Error{"it requests " + std::to_string(gpus) + " GPUs, fewer than min_gpus = " + std::to_string(rules.min_gpus)};
  Candidate candidate;
  auto& request = candidate.job;
  request.ready = now;
  const auto expected = std::chrono::duration_cast<Duration>(limit * snapshot.rules.expected_share_of_limit);
  request.runtime = std::max(expected, kShortest) * job.array->waves();
  candidate.gpus = static_cast<double>(std::uint64_t{gpus} * job.array->at_once);
  request.power = snapshot.rules.gpu_power * candidate.gpus;
  if (request.power * request.runtime < rules.min_energy) return Error{"its expected energy is below min_energy"};
  request.data_gb = options.data_gb;
  request.home = home.site;
  request.sites = std::uint64_t{1} << home.site;
  candidate.partition_at[home.site] = &home;
  if (may_defer(options.mode)) {
    request.max_delay = delay_cap(job, rules.max_delay, options.max_delay, limit * job.array->waves(), now);
  }
  // Whether a deadline can be met in another site's queue is not known.
  if (may_relocate(options.mode) && !job.deadline && !job.pinned) allow_other_sites(job, snapshot, home, candidate);
  candidate.reach = request.sites;
  for (std::size_t i = 0; job.origin != 0 && i < count_of_sites(snapshot); ++i) {
    if (!snapshot.sites[i].cluster.empty()) request.sites &= ~(std::uint64_t{1} << i);  // its origin has chosen this cluster
  }
  return candidate;
}

std::vector<SiteForecast> site_forecasts(const SnapshotContent& snapshot) {
  std::vector<SiteForecast> ahead;
  ahead.reserve(count_of_sites(snapshot));
  for (const auto& site : std::span(snapshot.sites).first(count_of_sites(snapshot))) {
    ahead.push_back({site.series, site.pue, site.transfer_kwh_per_gb});
  }
  return ahead;
}

std::optional<GramsCo2e> grams_of(const Candidate& candidate, std::span<const SiteForecast> sites, std::size_t site,
                                  Instant start) {
  const auto run = policies::emission(sites[site], start, candidate.job.runtime, candidate.job.power);
  const auto transfer = policies::transfer_emission(candidate.job, sites, site);
  if (!run || !transfer) return std::nullopt;
  return *run + *transfer;
}

Placement choose_start(const Candidate& candidate, CarbonMode mode, std::span<const SiteForecast> sites) {
  return policy_for(mode)(candidate.job, sites);
}

}  // namespace carbon::placement

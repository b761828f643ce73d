// SPDX-License-Identifier: Apache-2.0
// A submitted job in the words of policies/, and where it could go. Private to placement/.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "placement/submission.h"
#include "policies/policy.h"

namespace carbon::placement {

// The wishes of the user where they can be read; else of the site.
struct JobOptions {
  CarbonMode mode = CarbonMode::kOff;
  Duration max_delay = Duration::max();
  double data_gb = 0;
};
Result<JobOptions> read_job_options(const SubmitRequest& job, CarbonMode default_mode);

// Why a job is left as it is whatever the intensity; null where it may be moved.
const char* ineligible_reason(const SubmitRequest& job);

// A job that the rules let be moved.
struct Candidate {
  JobRequest job;
  double gpus = 0;                                              // that it holds at once
  std::array<const PartitionRule*, kMostSites> partition_at{};  // where the job would go at each site
  std::uint64_t reach = 1;  // bit i: re-planning may send it to site i; of a copy from another cluster more than `job.sites`
};

// The job's home among the sites: by its partition, and by its constraint where sites share that. Null: none of them.
const PartitionRule* find_home(const SubmitRequest& job, const snapshot::SnapshotContent& snapshot);

// The site of this copy's origin, likewise.
const PartitionRule* find_origin(const SubmitRequest& job, const snapshot::SnapshotContent& snapshot);

// The cluster of a site.
const std::string& cluster_of(std::uint32_t site, const snapshot::SnapshotContent& snapshot);

// Whether sites of one cluster are told apart by features in this partition.
bool shared(const PartitionRule& p, const snapshot::SnapshotContent& snapshot);

// Slurm's federation can take this job to other clusters.
bool federated(const SubmitRequest& job, const snapshot::SnapshotContent& snapshot, const PartitionRule& home);

// The rules that hold for a job with this home (null: none of the sites).
JobRules rules_of(const SubmitRequest& job, const snapshot::SnapshotContent& snapshot, const PartitionRule* home);

// Or why the job is left alone.
Result<Candidate> make_candidate(const SubmitRequest& job, const snapshot::SnapshotContent& snapshot, const PartitionRule& home,
                                 const JobRules& rules, const JobOptions& options, Instant now);

std::vector<SiteForecast> site_forecasts(const snapshot::SnapshotContent& snapshot);
std::size_t count_of_sites(const snapshot::SnapshotContent& snapshot);

// Grams of a start at a site, its transfer included; none where they are not known.
std::optional<GramsCo2e> grams_of(const Candidate& candidate, std::span<const SiteForecast> sites, std::size_t site,
                                  Instant start);

// The start and the site of least emission that the mode allows.
Placement choose_start(const Candidate& candidate, CarbonMode mode, std::span<const SiteForecast> sites);

}  // namespace carbon::placement

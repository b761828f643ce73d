// SPDX-License-Identifier: Apache-2.0
// A submitted job as the policies see it, and the sites where it could run. Private to placement/.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "placement/submission.h"
#include "policies/policy.h"

namespace carbon::placement {

// The user's options, or the site's defaults. An error if an option cannot be parsed.
struct JobOptions {
  CarbonMode mode = CarbonMode::kOff;
  Duration max_delay = Duration::max();
  double data_gb = 0;
};
Result<JobOptions> read_job_options(const SubmitRequest& job, CarbonMode default_mode);

// Why a job is not eligible, whatever the intensity; null: it is.
const char* ineligible_reason(const SubmitRequest& job);

// A job that the rules allow to be moved.
struct Candidate {
  JobRequest job;
  double gpus = 0;                                              // that it occupies at a time
  std::array<const PartitionRule*, kMostSites> partition_at{};  // the job's partition at each site
  std::uint64_t reach = 1;  // bit i: re-planning may send it to site i; of a copy from another cluster more than `job.sites`
};

// The job's home site, by its partition, and by its constraint if sites share the partition. Null: no site.
const PartitionRule* find_home(const SubmitRequest& job, const snapshot::SnapshotContent& snapshot);

// The site of this copy's origin, found likewise.
const PartitionRule* find_origin(const SubmitRequest& job, const snapshot::SnapshotContent& snapshot);

// The cluster of a site.
const std::string& cluster_of(std::uint32_t site, const snapshot::SnapshotContent& snapshot);

// Whether several sites of one cluster share this partition, so that features distinguish them.
bool shared(const PartitionRule& p, const snapshot::SnapshotContent& snapshot);

// Slurm's federation can take this job to other clusters.
bool federated(const SubmitRequest& job, const snapshot::SnapshotContent& snapshot, const PartitionRule& home);

// The rules for a job with this home (null: no site).
JobRules rules_of(const SubmitRequest& job, const snapshot::SnapshotContent& snapshot, const PartitionRule* home);

// Or why the job is not moved.
Result<Candidate> make_candidate(const SubmitRequest& job, const snapshot::SnapshotContent& snapshot, const PartitionRule& home,
                                 const JobRules& rules, const JobOptions& options, Instant now);

std::vector<SiteForecast> site_forecasts(const snapshot::SnapshotContent& snapshot);
std::size_t count_of_sites(const snapshot::SnapshotContent& snapshot);

// Emissions of a start at a site, transfer included; none if not known.
std::optional<GramsCo2e> grams_of(const Candidate& candidate, std::span<const SiteForecast> sites, std::size_t site,
                                  Instant start);

// The start and the site of least emission that the mode allows.
Placement choose_start(const Candidate& candidate, CarbonMode mode, std::span<const SiteForecast> sites);

}  // namespace carbon::placement

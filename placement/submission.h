// SPDX-License-Identifier: Apache-2.0
// The decision about one job at submission: a function of the job, the snapshot, the clock and the reserved starts, without
// Slurm. slurmctld's plugin and `scarbon estimate` call it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/slurm/decision_token.h"
#include "core/time.h"
#include "placement/fit.h"
#include "placement/start_reservations.h"
#include "snapshot/snapshot.h"

namespace carbon::placement {

// The job as submitted. The views belong to the caller.
struct SubmitRequest {
  std::string_view partition;                      // requested, or the cluster's default; may be a list with commas
  std::optional<GpuCount> gpus = GpuCount{};       // of the job, or of one task of its array; none: not parsed
  std::optional<ArrayShape> array = ArrayShape{};  // none: not parsed
  JobSize size;
  Submitter who;
  std::string_view constraint;         // --constraint
  std::optional<Duration> time_limit;  // none: the partition's
  std::optional<Instant> deadline;     // --deadline: when the job must have ended

  std::optional<std::string_view> mode;       // --carbon, as sent
  std::optional<std::string_view> max_delay;  // --carbon-max-delay, as sent
  std::optional<std::string_view> data_gb;    // --carbon-data, as sent

  std::string_view clusters;      // --clusters, in a federation: where it may run; empty: on any
  std::uint32_t origin = 0;       // number in the federation of the cluster that sent this copy of the job; 0: submitted here
  bool only_here = false;         // of a copy: it may run on no other cluster
  bool cluster_features = false;  // --cluster-constraint
  bool cluster_pinned = false;    // requests what other clusters may not know: licenses, excluded nodes

  bool default_partition = false;  // it requests none
  bool in_array = false;           // --array, even of one task
  bool interactive = false;        // srun, salloc: no script
  bool begin_given = false;
  bool reservation = false;
  bool dependency = false;
  bool held = false;
  bool unlimited = false;  // --time=UNLIMITED
  bool heterogeneous = false;
  bool periodic = false;  // scrontab
  bool pinned = false;    // requests what another site may lack: nodes by name, a burst buffer, preferred features
};

struct SubmitDecision {
  std::optional<Instant> begin;  // whole seconds; none: now
  std::string partition;         // empty: unchanged
  std::string constraint;        // empty: unchanged
  std::string clusters;          // of the federation, where it may run; empty: unchanged
  std::string message;           // one line for the user; empty: none
  DecisionToken token;           // for AdminComment; empty: none
};

// A delay below this is not worth a begin time.
inline constexpr Duration kLeastDelay = std::chrono::seconds(2);

// `snapshot`: null if there is no current one; then the job runs now. Start times handed out are recorded in `reservations`. In a
// federation each cluster receives the original request; the cluster that the origin selected picks the start time.
SubmitDecision decide(const SubmitRequest& job, const snapshot::SnapshotContent* snapshot, StartReservations& reservations,
                      Instant now);

// An estimate before submission: the emissions of running now, and of the best start that the job's options with `mode` allow.
struct PricedStart {
  std::size_t site = 0;
  Instant start{};
  GramsCo2e grams;  // transfer of its data included
};
struct Estimate {
  std::string unchanged_reason;    // why the job would not be moved; empty: it may be
  std::optional<PricedStart> now;  // at home; none: the intensity is not known
  std::optional<PricedStart> best;
};
Estimate estimate(const SubmitRequest& job, const snapshot::SnapshotContent& snapshot, CarbonMode mode, Instant now);

}  // namespace carbon::placement

// SPDX-License-Identifier: Apache-2.0
// What is decided about one job at submission: a function of the job, the snapshot, the clock and the starts already given out,
// free of Slurm. slurmctld's plugin and `scarbon estimate` call it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/decision_token.h"
#include "core/time.h"
#include "placement/fit.h"
#include "placement/start_reservations.h"
#include "snapshot/snapshot.h"

namespace carbon::placement {

// The job as submitted. The views belong to the caller.
struct SubmitRequest {
  std::string_view partition;                      // as asked for, or the cluster's default; may be a list with commas
  std::optional<GpuCount> gpus = GpuCount{};       // of the job, or of one task of its array; none: not understood
  std::optional<ArrayShape> array = ArrayShape{};  // none: not understood
  JobSize size;
  Submitter who;
  std::string_view constraint;         // --constraint
  std::optional<Duration> time_limit;  // none: the partition's
  std::optional<Instant> deadline;     // --deadline: the job must have ended by then

  std::optional<std::string_view> mode;       // --carbon, as sent
  std::optional<std::string_view> max_delay;  // --carbon-max-delay, as sent
  std::optional<std::string_view> data_gb;    // --carbon-data, as sent

  std::string_view clusters;      // --clusters, in a federation: where it may run; empty: on each of them
  std::uint32_t origin = 0;       // number in the federation of the cluster that sent this copy of the job; 0: submitted here
  bool only_here = false;         // of a copy: it may run on no other cluster
  bool cluster_features = false;  // --cluster-constraint
  bool cluster_pinned = false;    // asks for what other clusters need not know: licenses, nodes to leave out

  bool default_partition = false;  // it names none
  bool in_array = false;           // --array, be it of one task
  bool interactive = false;        // srun, salloc: no script
  bool begin_given = false;
  bool reservation = false;
  bool dependency = false;
  bool held = false;
  bool unlimited = false;  // --time=UNLIMITED
  bool heterogeneous = false;
  bool periodic = false;  // scrontab
  bool pinned = false;    // asks for what another site may not have: nodes by name, a burst buffer, preferred features
};

struct SubmitDecision {
  std::optional<Instant> begin;  // whole seconds; none: at once
  std::string partition;         // empty: as it was
  std::string constraint;        // empty: as it was
  std::string clusters;          // of the federation, where it may run; empty: as it was
  std::string message;           // one line for the user; empty: none
  DecisionToken token;           // for AdminComment; empty: none
};

// A delay below this is not worth a begin time.
inline constexpr Duration kLeastDelay = std::chrono::seconds(2);

// `snapshot` is null where there is no current one: then the job runs at once. What is given out is noted in `reservations`. In a
// federation the clusters send each other the job as the user wrote it: where the origin has chosen this cluster, the time is
// chosen here.
SubmitDecision decide(const SubmitRequest& job, const snapshot::SnapshotContent* snapshot, StartReservations& reservations,
                      Instant now);

// The same, to be shown before submission: what running now emits, and the best that the job's wishes, taken as `mode`, allow.
struct PricedStart {
  std::size_t site = 0;
  Instant start{};
  GramsCo2e grams;  // transfer of its data included
};
struct Estimate {
  std::string unchanged_reason;    // why the job would not be touched; empty: it may be
  std::optional<PricedStart> now;  // at home, at once; none: the intensity is not known
  std::optional<PricedStart> best;
};
Estimate estimate(const SubmitRequest& job, const snapshot::SnapshotContent& snapshot, CarbonMode mode, Instant now);

}  // namespace carbon::placement

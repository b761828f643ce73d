// SPDX-License-Identifier: Apache-2.0
// What job_submit_carbon decides about one job: a pure function of the job, the snapshot and the clock, free of Slurm.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/comment.h"
#include "core/time.h"
#include "grid_feeds/snapshot.h"

namespace carbon::plugin {

// The job as submitted. The views belong to the caller.
struct SubmitRequest {
  std::string_view partition;             // as asked for, or the cluster's default; may be a list with commas
  std::optional<std::uint32_t> gpus = 0;  // of the job, or of one task of its array; none: asked for in words not understood
  bool typed_gpus = false;                // asks for a type of GPU
  std::optional<std::uint32_t> array_tasks = 1;  // none: an array whose tasks do not all start together
  std::optional<Duration> time_limit;            // none: the partition's
  std::optional<Instant> deadline;               // --deadline: the job must have ended by then

  std::optional<std::string_view> mode;       // --carbon, as sent
  std::optional<std::string_view> max_delay;  // --carbon-max-delay, as sent

  bool interactive = false;  // srun, salloc: no script
  bool begin_given = false;
  bool reservation = false;
  bool dependency = false;
  bool held = false;
  bool unlimited = false;  // --time=UNLIMITED
  bool heterogeneous = false;
  bool periodic = false;  // scrontab
  bool pinned = false;    // asks for nodes or features by name, which another site may not have
};

struct SubmitDecision {
  std::optional<Instant> begin;  // whole seconds; none: at once
  std::string partition;         // empty: as it was
  std::string message;           // one line for the user; empty: none
  CarbonComment comment;         // for AdminComment; empty: none
};

// A delay below this is not worth a begin time.
inline constexpr Duration kLeastDelay = std::chrono::seconds(2);

// `snapshot` is null where there is no current one: then the job runs at once.
SubmitDecision decide(const SubmitRequest& job, const feeds::SnapshotContent* snapshot, Instant now);

}  // namespace carbon::plugin

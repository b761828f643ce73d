// SPDX-License-Identifier: Apache-2.0
// Slurm's queue and nodes as slurmctld reports them, and what carbonctld may change in a pending job.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"

namespace carbon::carbonctld {

enum class JobState : std::uint8_t { kPending, kRunning, kOther };  // kOther: suspended, completing, moved to another cluster

// A job, or the pending tasks of an array. Finished jobs are left out.
struct QueuedJob {
  std::string id;  // as updates address it: "12", "12_3", "12_[4-9]"
  std::uint32_t job_id = 0;
  std::uint32_t array_job_id = 0;  // 0: no array
  std::uint32_t tasks = 1;         // of an array: pending tasks in this record
  bool heterogeneous = false;
  bool batch = true;
  JobState state = JobState::kPending;
  std::string name, user, account, qos, partition, features, dependency, reservation;
  std::string node;  // the first one of a running job
  std::uint32_t uid = 0;
  double gpus = 0;  // of one task
  bool held = false;
  bool may_requeue = false;
  std::uint32_t priority = 0;
  std::int64_t nice = 0;
  std::uint32_t restarts = 0;
  Instant submit{};
  Instant begin{};    // the requested earliest start; the epoch: none yet
  Instant started{};  // of a running one
  Duration limit{0};  // 0: none
  std::string admin_comment;
  std::string cluster = {};  // of a federation; empty: this cluster
  bool federated = false;    // its job id is unique in its federation
  bool stranded = false;     // it was sent to other clusters, and none has accepted it

  double units() const { return gpus * tasks; }
};

struct GpuNode {
  std::string name;
  std::vector<std::string> partitions, features;
  double gpus = 0;  // usable by jobs: none on a node that is down; those still allocated on a draining one
  std::string cluster = {};
  bool operator==(const GpuNode&) const = default;
};

struct SlurmQueue {
  std::vector<QueuedJob> jobs;
  std::vector<GpuNode> nodes;
  std::vector<std::string> others;       // clusters of the federation that jobs and nodes are of too
  std::vector<std::string> controllers;  // hosts of slurmctld and its backups; empty if there is no backup
  std::string active;                    // the one of them that answers first
};

// A change of one job. What is not set stays as it is.
struct JobChange {
  std::string id;
  std::optional<Instant> begin;  // whole seconds
  std::optional<std::string> partition, features, admin_comment;
  std::optional<std::string> clusters;  // of the federation, where it may run
  std::optional<std::uint32_t> priority;
  std::optional<std::int64_t> nice;
};

}  // namespace carbon::carbonctld

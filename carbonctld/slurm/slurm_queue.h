// SPDX-License-Identifier: Apache-2.0
// Slurm's queue and nodes as slurmctld tells of them, and what carbonctld may change in a job that waits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"

namespace carbon::carbonctld {

enum class JobState : std::uint8_t { kPending, kRunning, kOther };  // kOther: suspended, completing, moved to another cluster

// A job, or what still waits of an array. Finished ones are left out.
struct QueuedJob {
  std::string id;  // as updates address it: "12", "12_3", "12_[4-9]"
  std::uint32_t job_id = 0;
  std::uint32_t array_job_id = 0;  // 0: no array
  std::uint32_t tasks = 1;         // of an array, that wait in this record
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
  Instant begin{};    // the earliest start that was asked for; the epoch: none yet
  Instant started{};  // of a running one
  Duration limit{0};  // 0: none
  std::string admin_comment;
  std::string cluster = {};  // of a federation; empty: this cluster
  bool federated = false;    // its federation knows it: its number is of one job only
  bool stranded = false;     // it was sent to other clusters, and none of them has taken it

  double units() const { return gpus * tasks; }
};

struct GpuNode {
  std::string name;
  std::vector<std::string> partitions, features;
  double gpus = 0;  // that jobs may have: none on a node that is down; on a draining one those that are still held
  std::string cluster = {};
  bool operator==(const GpuNode&) const = default;
};

struct SlurmQueue {
  std::vector<QueuedJob> jobs;
  std::vector<GpuNode> nodes;
  std::vector<std::string> others;       // clusters of the federation that jobs and nodes are of too
  std::vector<std::string> controllers;  // hosts of slurmctld and its backups; empty where there are none
  std::string active;                    // the one of them that answers first
};

// What is to be changed in one job; what is not set stays.
struct JobChange {
  std::string id;
  std::optional<Instant> begin;  // whole seconds
  std::optional<std::string> partition, features, admin_comment;
  std::optional<std::string> clusters;  // of the federation, where it may run
  std::optional<std::uint32_t> priority;
  std::optional<std::int64_t> nice;
};

}  // namespace carbon::carbonctld

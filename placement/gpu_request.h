// SPDX-License-Identifier: Apache-2.0
// How many GPUs a job requests, by job, node, socket or task; core/tres.h reads the lists.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/slurm/partition.h"

namespace carbon::placement {

// The fields of a job description that request GPUs. A count that the user did not give is none.
struct GpuRequest {
  std::string_view per_job;     // --gpus
  std::string_view per_node;    // --gres, --gpus-per-node
  std::string_view per_socket;  // --gpus-per-socket
  std::string_view per_task;    // --gpus-per-task
  std::optional<std::uint32_t> nodes;
  std::optional<std::uint32_t> max_nodes;
  std::optional<std::uint32_t> tasks;
  std::optional<std::uint32_t> tasks_per_node;
  std::optional<std::uint32_t> sockets_per_node;
  std::optional<std::uint32_t> tasks_per_gpu;  // --ntasks-per-gpu
};

struct GpuCount {
  std::uint32_t count = 0;      // of the whole job
  std::uint32_t per_node = 0;   // on each of its nodes; 0: not specified
  std::vector<GpuStock> types;  // of the whole job, if it requests types
  bool operator==(const GpuCount&) const = default;
};

// None where an entry is of GPUs but not understood. Where several fields ask, the job's own total counts, then nodes, tasks,
// sockets: what they ask for together is the same set of GPUs.
std::optional<GpuCount> count_gpus(const GpuRequest& request);

// Tasks of --array.
struct ArrayShape {
  std::uint32_t tasks = 1;
  std::uint32_t at_once = 1;  // as limited by "%2", else all
  std::uint32_t waves() const { return (tasks + at_once - 1) / at_once; }
  bool operator==(const ArrayShape&) const = default;
};

// Of e.g. "0-15:4,20%2"; none where the text is not understood.
std::optional<ArrayShape> array_shape(std::string_view array);

}  // namespace carbon::placement

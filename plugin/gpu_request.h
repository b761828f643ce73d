// SPDX-License-Identifier: Apache-2.0
// How many GPUs a job asks for, from the forms that sbatch sends: "gres:gpu:2" (Slurm 22.05), "gres/gpu:2" (from 23.11), each
// with or without a type ("gres:gpu:a100:2") and count, in lists with commas.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace carbon::plugin {

// The fields of a job description that say it. Counts are none where the user gave none.
struct GpuRequest {
  std::string_view per_job;     // --gpus
  std::string_view per_node;    // --gres, --gpus-per-node
  std::string_view per_socket;  // --gpus-per-socket
  std::string_view per_task;    // --gpus-per-task
  std::optional<std::uint32_t> nodes;
  std::optional<std::uint32_t> tasks;
  std::optional<std::uint32_t> tasks_per_node;
  std::optional<std::uint32_t> sockets_per_node;
  std::optional<std::uint32_t> tasks_per_gpu;  // --ntasks-per-gpu
};

struct GpuCount {
  std::uint32_t count = 0;
  bool typed = false;  // at least one entry names a type
};

// None where an entry is of GPUs but not understood. Where several fields ask, the job's own total counts, then nodes, tasks,
// sockets: what they ask for together is the same set of GPUs.
std::optional<GpuCount> count_gpus(const GpuRequest& request);

// Tasks of `--array`, e.g. "0-15:4,20": none where the text is not understood, or limits how many run at a time ("%2"), because
// then the tasks do not run in one window.
std::optional<std::uint32_t> count_array_tasks(std::string_view array);

}  // namespace carbon::plugin

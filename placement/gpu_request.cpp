// SPDX-License-Identifier: Apache-2.0
#include "placement/gpu_request.h"

#include <algorithm>
#include <array>
#include <limits>

#include "core/slurm/tres.h"
#include "core/strings.h"

namespace carbon::placement {
namespace {

constexpr std::uint64_t kMost = 1'000'000;  // more GPUs or array tasks than any cluster has: a figure that was misread

// Removes and returns the text before the first of `separators`, and removes the separator.
std::string_view next_field(std::string_view& text, std::string_view separators) {
  const auto at = text.find_first_of(separators);
  const auto front = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return front;
}

// `times` of them, `on_a_node` of these on each node.
std::optional<GpuCount> spread(std::string_view list, std::uint64_t times, std::uint64_t on_a_node) {
  auto sum = gpus_in_gres(list);
  if (!sum) return std::nullopt;
  std::optional gpus(GpuCount{sum->count, 0, std::move(sum->types)});
  if (gpus->count == 0) return gpus;
  if (times > kMost || on_a_node > kMost || gpus->count * std::max(times, on_a_node) > kMost) return std::nullopt;
  gpus->per_node = static_cast<std::uint32_t>(gpus->count * on_a_node);
  gpus->count = static_cast<std::uint32_t>(gpus->count * times);
  for (auto& of_type : gpus->types) of_type.count = static_cast<std::uint32_t>(of_type.count * times);
  return gpus;
}

std::uint64_t nodes_of(const GpuRequest& r) {
  if (r.nodes && *r.nodes > 0) return *r.nodes;
  if (r.tasks && r.tasks_per_node && *r.tasks_per_node > 0)
    return (std::uint64_t{*r.tasks} + *r.tasks_per_node - 1) / *r.tasks_per_node;
  return 1;
}

std::uint64_t tasks_of(const GpuRequest& r) {
  if (r.tasks && *r.tasks > 0) return *r.tasks;
  return nodes_of(r) * std::max<std::uint64_t>(r.tasks_per_node.value_or(1), 1);
}

// The job's own total: on its nodes as they come, but on no more than it allows.
std::optional<GpuCount> of_job(const GpuRequest& r) {
  auto gpus = spread(r.per_job, 1, 0);
  if (gpus && r.max_nodes && *r.max_nodes > 0) gpus->per_node = (gpus->count + *r.max_nodes - 1) / *r.max_nodes;
  return gpus;
}

}  // namespace

std::optional<GpuCount> count_gpus(const GpuRequest& r) {
  const auto nodes = nodes_of(r);
  const auto sockets = std::max(r.sockets_per_node.value_or(1), 1u);
  std::array<std::optional<GpuCount>, 4> forms{of_job(r), spread(r.per_node, nodes, 1),
                                               spread(r.per_task, tasks_of(r), std::max(r.tasks_per_node.value_or(1), 1u)),
                                               spread(r.per_socket, nodes * sockets, sockets)};
  std::optional<GpuCount> chosen;
  for (auto& form : forms) {
    if (!form) return std::nullopt;
    if (form->count == 0) continue;
    if (!chosen) {
      chosen = std::move(form);
    } else if (chosen->types.empty()) {
      chosen->types = std::move(form->types);
    }
  }
  if (chosen) return chosen;
  if (r.tasks_per_gpu && *r.tasks_per_gpu > 0 && r.tasks) {
    const auto gpus = (std::uint64_t{*r.tasks} + *r.tasks_per_gpu - 1) / *r.tasks_per_gpu;
    return gpus > kMost ? std::nullopt : std::optional(GpuCount{static_cast<std::uint32_t>(gpus), 0, {}});
  }
  return GpuCount{};
}

std::optional<ArrayShape> array_shape(std::string_view array) {
  const auto percent = array.find('%');
  std::optional<std::uint64_t> limit;
  if (percent != std::string_view::npos) {
    limit = parse_number<std::uint64_t>(array.substr(percent + 1));
    if (!limit || *limit == 0) return std::nullopt;
    array = array.substr(0, percent);
  }
  std::uint64_t sum = 0;
  if (array.empty() || array.back() == ',') return std::nullopt;
  while (!array.empty()) {
    auto range = next_field(array, ",");
    const auto step_at = range.find(':');
    const auto step = step_at == std::string_view::npos ? 1 : parse_number<std::uint64_t>(range.substr(step_at + 1)).value_or(0);
    range = range.substr(0, step_at);
    const auto dash = range.find('-');
    const auto first = parse_number<std::uint64_t>(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number<std::uint64_t>(range.substr(dash + 1));
    if (!first || !last || *last < *first || *last > std::numeric_limits<std::uint32_t>::max() || step == 0) return std::nullopt;
    sum += (*last - *first) / step + 1;
    if (sum > kMost) return std::nullopt;
  }
  const auto at_once = std::min(limit.value_or(sum), sum);
  return ArrayShape{static_cast<std::uint32_t>(sum), static_cast<std::uint32_t>(at_once)};
}

}  // namespace carbon::placement

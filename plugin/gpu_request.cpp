// SPDX-License-Identifier: Apache-2.0
#include "plugin/gpu_request.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace carbon::plugin {
namespace {

constexpr std::uint64_t kMost = 1'000'000;  // more GPUs or array tasks than any cluster has: a figure that was misread

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

// Takes the text before the first of `separators` from the front, and the separator.
std::string_view take_until(std::string_view& text, std::string_view separators) {
  const auto at = text.find_first_of(separators);
  const auto front = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return front;
}

// A count as Slurm takes it, with K, M, ... for powers of 1024.
std::optional<std::uint64_t> gres_count(std::string_view text) {
  std::uint64_t factor = 1;
  constexpr std::string_view kSuffixes = "kmgtp";
  if (text.size() > 1) {
    const auto at = kSuffixes.find(static_cast<char>(text.back() | 0x20));
    if (at != std::string_view::npos) {
      factor = std::uint64_t{1} << (10 * (at + 1));
      text.remove_suffix(1);
    }
  }
  const auto n = number(text);
  if (!n || *n > kMost / factor) return n && *n == 0 ? n : std::nullopt;
  return *n * factor;
}

bool all_digits(std::string_view text) { return text.find_first_not_of("0123456789") == std::string_view::npos; }

// "gpu", "gpu:2", "gpu:a100", "gpu:a100:2"; also '=' before the count.
std::optional<GpuCount> entry(std::string_view text) {
  take_until(text, ":=");
  if (text.empty()) return GpuCount{1, false};
  const auto first = take_until(text, ":=");
  if (text.empty()) {
    if (const auto n = gres_count(first)) return GpuCount{static_cast<std::uint32_t>(*n), false};
    // A number that is too large is no type.
    return all_digits(first) ? std::nullopt : std::optional(GpuCount{1, true});
  }
  const auto n = gres_count(text);
  if (!n || first.empty()) return std::nullopt;
  return GpuCount{static_cast<std::uint32_t>(*n), true};
}

bool is_gpu(std::string_view name) {
  if (!name.starts_with("gpu")) return false;
  return name.size() == 3 || name[3] == ':' || name[3] == '=';
}

// Sum over the list; a count of 0 where it has no GPU.
std::optional<GpuCount> gpus_in(std::string_view list) {
  GpuCount sum;
  while (!list.empty()) {
    auto item = take_until(list, ",;");
    if (item.starts_with("gres:") || item.starts_with("gres/")) item.remove_prefix(5);
    if (!is_gpu(item)) continue;
    const auto one = entry(item);
    if (!one || sum.count + std::uint64_t{one->count} > kMost) return std::nullopt;
    sum.count += one->count;
    sum.typed |= one->typed;
  }
  return sum;
}

std::optional<GpuCount> times(std::optional<GpuCount> gpus, std::uint64_t factor) {
  if (!gpus) return gpus;
  if (factor > kMost || gpus->count * factor > kMost) return std::nullopt;
  gpus->count = static_cast<std::uint32_t>(gpus->count * factor);
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

}  // namespace

std::optional<GpuCount> count_gpus(const GpuRequest& r) {
  const auto nodes = nodes_of(r);
  const std::array<std::optional<GpuCount>, 4> forms{
      times(gpus_in(r.per_job), 1), times(gpus_in(r.per_node), nodes), times(gpus_in(r.per_task), tasks_of(r)),
      times(gpus_in(r.per_socket), nodes * std::max(r.sockets_per_node.value_or(1), 1u))};
  bool typed = false;
  for (const auto& form : forms) {
    if (!form) return std::nullopt;
    typed |= form->typed;
  }
  for (const auto& form : forms) {
    if (form->count > 0) return GpuCount{form->count, typed};
  }
  if (r.tasks_per_gpu && *r.tasks_per_gpu > 0 && r.tasks) {
    return times(GpuCount{1, false}, (std::uint64_t{*r.tasks} + *r.tasks_per_gpu - 1) / *r.tasks_per_gpu);
  }
  return GpuCount{};
}

std::optional<std::uint32_t> count_array_tasks(std::string_view array) {
  std::uint64_t sum = 0;
  if (array.empty() || array.back() == ',') return std::nullopt;
  while (!array.empty()) {
    auto range = take_until(array, ",");
    const auto step_at = range.find(':');
    const auto step = step_at == std::string_view::npos ? 1 : number(range.substr(step_at + 1)).value_or(0);
    range = range.substr(0, step_at);
    const auto dash = range.find('-');
    const auto first = number(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number(range.substr(dash + 1));
    if (!first || !last || *last < *first || *last > std::numeric_limits<std::uint32_t>::max() || step == 0) return std::nullopt;
    sum += (*last - *first) / step + 1;
    if (sum > kMost) return std::nullopt;
  }
  return static_cast<std::uint32_t>(sum);
}

}  // namespace carbon::plugin

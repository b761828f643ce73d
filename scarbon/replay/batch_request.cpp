// SPDX-License-Identifier: Apache-2.0
// The submit request that sbatch's options make: the half of batch_options.h that needs no parser of options.
#include <algorithm>
#include <charconv>
#include <utility>

#include "core/slurm/slurm_time.h"
#include "scarbon/replay/batch_options.h"

namespace carbon::scarbon {
namespace {

using placement::SubmitRequest;

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  return ec == std::errc{} && end == text.data() + text.size() && n < 100'000'000 ? std::optional(n) : std::nullopt;
}

// Typed access to the options; keeps the first error.
class Reader {
 public:
  explicit Reader(const BatchOptions& options) : options_(options) {}

  bool has(std::string_view name) const { return options_.find(name) != options_.end(); }
  std::string_view text(std::string_view name) const {
    const auto it = options_.find(name);
    return it == options_.end() ? std::string_view() : std::string_view(it->second);
  }
  std::optional<std::string_view> maybe(std::string_view name) const {
    return has(name) ? std::optional(text(name)) : std::nullopt;
  }
  std::optional<std::uint32_t> count(std::string_view name) {
    if (!has(name)) return std::nullopt;
    const auto n = number(text(name));
    if (!n) fail(name, "a whole number");
    return n;
  }
  // "2" or "2-4": minimum and maximum.
  std::pair<std::optional<std::uint32_t>, std::optional<std::uint32_t>> range(std::string_view name) {
    if (!has(name)) return {};
    const auto value = text(name);
    const auto dash = value.find('-');
    const auto least = number(value.substr(0, dash)),
               most = dash == std::string_view::npos ? least : number(value.substr(dash + 1));
    if (!least || !most) fail(name, "a number of nodes, such as 2 or 2-4");
    return {least, most};
  }
  // In MB; a number without a unit is in MB.
  std::uint64_t memory(std::string_view name) {
    if (!has(name)) return 0;
    auto value = text(name);
    constexpr std::string_view kUnits = "KMGT";
    const auto unit = value.empty() ? std::string_view::npos : kUnits.find(static_cast<char>(value.back() & ~0x20));
    if (unit != std::string_view::npos) value.remove_suffix(1);
    const auto n = number(value);
    if (!n) fail(name, "memory, such as 4000 (MB) or 4G");
    const auto shift = unit == std::string_view::npos ? 1 : unit;
    return n ? (std::uint64_t{*n} << (10 * shift)) / 1024 : 0;
  }
  void fail(std::string_view name, const std::string& accepted) {
    if (error_.empty()) error_ = "--" + std::string(name) + ": '" + std::string(text(name)) + "'; accepted: " + accepted;
  }
  const std::string& error() const { return error_; }

 private:
  const BatchOptions& options_;
  std::string error_;
};

// "2", "a100:2,v100:1" as sbatch sends it: "gpu:2", "gpu:a100:2,gpu:v100:1".
std::string as_gres(std::string_view gpus) {
  std::string out;
  while (!gpus.empty()) {
    const auto end = std::min(gpus.find(','), gpus.size());
    out += (out.empty() ? "gpu:" : ",gpu:") + std::string(gpus.substr(0, end));
    gpus.remove_prefix(std::min(end + 1, gpus.size()));
  }
  return out;
}

void read_size(Reader& in, SubmitRequest& job) {
  placement::GpuRequest gpus;
  std::tie(gpus.nodes, gpus.max_nodes) = in.range("nodes");
  gpus.tasks = in.count("ntasks");
  gpus.tasks_per_node = in.count("ntasks-per-node");
  gpus.tasks_per_gpu = in.count("ntasks-per-gpu");
  gpus.sockets_per_node = in.count("sockets-per-node");
  const auto per_job = as_gres(in.text("gpus")), per_task = as_gres(in.text("gpus-per-task")),
             per_socket = as_gres(in.text("gpus-per-socket")), per_node = as_gres(in.text("gpus-per-node"));
  gpus.per_job = per_job;
  gpus.per_task = per_task;
  gpus.per_socket = per_socket;
  gpus.per_node = in.has("gpus-per-node") ? std::string_view(per_node) : in.text("gres");
  job.gpus = placement::count_gpus(gpus);
  const auto per_task_cpus = std::max(in.count("cpus-per-task").value_or(1), 1u);
  job.size.nodes = std::max(gpus.nodes.value_or(1), 1u);
  job.size.cpus = gpus.tasks.value_or(1) * per_task_cpus;
  job.size.cpus_per_node = gpus.tasks_per_node.value_or(1) * per_task_cpus;
  job.size.memory_mb_per_node = in.memory("mem");
  job.size.memory_mb_per_cpu = in.memory("mem-per-cpu");
  job.size.whole_nodes = in.has("exclusive");
}

void read_time(Reader& in, SubmitRequest& job) {
  const auto text = in.text("time");
  if (text.empty()) return;
  job.unlimited = text == "0" || text == "UNLIMITED" || text == "INFINITE" || text == "unlimited" || text == "infinite";
  const auto limit = parse_slurm_duration(text);
  if (limit) {
    job.time_limit = *limit;
  } else if (!job.unlimited) {
    in.fail("time", "a time as in sbatch, such as 90 (minutes), 1:30:00, 1-12");
  }
}

}  // namespace

Result<SubmitRequest> request_of(const BatchOptions& options, std::string_view default_partition, Instant now) {
  Reader in(options);
  SubmitRequest job;
  job.default_partition = !in.has("partition");
  job.partition = job.default_partition ? default_partition : in.text("partition");
  job.who.account = in.text("account");
  job.who.qos = in.text("qos");
  job.constraint = in.text("constraint");
  job.in_array = in.has("array");
  if (job.in_array) job.array = placement::array_shape(in.text("array"));
  read_size(in, job);
  read_time(in, job);
  job.mode = in.maybe("carbon");
  job.max_delay = in.maybe("carbon-max-delay");
  job.data_gb = in.maybe("carbon-data");
  job.begin_given = in.has("begin");
  job.dependency = in.has("dependency");
  job.reservation = in.has("reservation");
  job.held = in.has("hold");
  job.clusters = in.text("clusters");
  job.cluster_features = in.has("cluster-constraint");
  job.pinned = in.has("nodelist") || in.has("prefer") || job.cluster_features;
  if (in.has("deadline")) {
    const auto at = parse_slurm_time(in.text("deadline"), now);
    if (at) job.deadline = *at;
    if (!at) in.fail("deadline", "a local time such as 2026-11-24T18:00:00");
  }
  if (!in.error().empty()) return Error{in.error()};
  return job;
}

}  // namespace carbon::scarbon

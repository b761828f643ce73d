// SPDX-License-Identifier: Apache-2.0
#include "plugin/job_description.h"

#include <algorithm>
#include <bit>

#include "plugin/slurm_symbols.h"

namespace carbon::plugin {
namespace {

using placement::GpuRequest;
using placement::JobSize;
using placement::SubmitDecision;
using placement::SubmitRequest;

// Bounds for times that a client sent, so that arithmetic with them stays in range.
constexpr time_t kEarliest = 0;
constexpr time_t kLatest = 100'000'000'000;  // the year 5138
constexpr std::uint64_t kMostCpus = 100'000'000;
constexpr std::uint64_t kMostMemory = 1'000'000'000'000;  // MB

constexpr int kFederationShift = 26;  // the origin's number is in the bits above, in job ids of a federation

constexpr std::string_view kOption = "_SLURM_SPANK_OPTION_carbon_carbon";

std::string_view view(const char* text) { return text == nullptr ? std::string_view() : std::string_view(text); }
bool given(const char* text) { return text != nullptr && *text != '\0'; }
bool given(time_t t) { return t != 0 && t != static_cast<time_t>(NO_VAL); }

std::optional<std::uint32_t> count(std::uint32_t n) { return n == NO_VAL || n == INFINITE ? std::nullopt : std::optional(n); }
std::optional<std::uint32_t> count16(std::uint16_t n) {
  return n == NO_VAL16 || n == INFINITE16 ? std::nullopt : std::optional<std::uint32_t>(n);
}

GpuRequest gpu_request(const job_desc_msg_t& job) {
  GpuRequest r;
  r.per_job = view(job.tres_per_job);
  r.per_node = view(job.tres_per_node);
  r.per_socket = view(job.tres_per_socket);
  r.per_task = view(job.tres_per_task);
  r.nodes = count(job.min_nodes);
  r.max_nodes = count(job.max_nodes);
  r.tasks = count(job.num_tasks);
  r.tasks_per_node = count16(job.ntasks_per_node);
  r.sockets_per_node = count16(job.sockets_per_node);
  r.tasks_per_gpu = count16(job.ntasks_per_tres);
  return r;
}

std::uint32_t product(std::uint64_t a, std::uint64_t b) { return static_cast<std::uint32_t>(std::min(a * b, kMostCpus)); }

JobSize size_of(const job_desc_msg_t& job) {
  JobSize size;
  const auto per_task = std::max(count16(job.cpus_per_task).value_or(1), 1u);
  size.nodes = std::max(count(job.min_nodes).value_or(1), 1u);
  size.cpus = std::max(count(job.min_cpus).value_or(0), product(count(job.num_tasks).value_or(1), per_task));
  size.cpus_per_node =
      std::max(count16(job.pn_min_cpus).value_or(0), product(count16(job.ntasks_per_node).value_or(1), per_task));
  const auto memory = job.pn_min_memory;
  if (memory != NO_VAL64 && memory != INFINITE64) {
    const auto mb = std::min<std::uint64_t>(memory & ~MEM_PER_CPU, kMostMemory);
    ((memory & MEM_PER_CPU) != 0 ? size.memory_mb_per_cpu : size.memory_mb_per_node) = mb;
  }
  size.whole_nodes = job.shared == JOB_SHARED_NONE;
  return size;
}

void read_options(const job_desc_msg_t& job, SubmitRequest& request) {
  if (job.spank_job_env == nullptr) return;
  for (std::uint32_t i = 0; i < job.spank_job_env_size; ++i) {
    auto entry = view(job.spank_job_env[i]);
    if (!entry.starts_with(kOption)) continue;
    entry.remove_prefix(kOption.size());
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    const auto name = entry.substr(0, equals), value = entry.substr(equals + 1);
    if (name.empty()) request.mode = value;
    if (name == "_max_delay") request.max_delay = value;
    if (name == "_data") request.data_gb = value;
  }
}

// `field` becomes a copy of `text` that Slurm can free.
void replace(char*& field, const std::string& text) {
  if (slurm_xstrdup == nullptr) return;
  char* const old = field;
  field = slurm_xstrdup(text.c_str());
  void* release = old;
  if (old != nullptr && slurm_xfree != nullptr) slurm_xfree(&release);
}

}  // namespace

SubmitRequest read_job(const job_desc_msg_t& job, std::string_view default_partition) {
  SubmitRequest request;
  request.partition = given(job.partition) ? view(job.partition) : default_partition;
  request.gpus = placement::count_gpus(gpu_request(job));
  if (given(job.array_inx)) request.array = placement::array_shape(view(job.array_inx));
  request.size = size_of(job);
  // Not the caller's uid: on a federation's siblings that is slurmctld's own.
  request.who = {job.user_id, job.group_id, view(job.account), view(job.qos)};
  request.constraint = view(job.features);
  request.unlimited = job.time_limit == INFINITE;
  if (const auto minutes = count(job.time_limit)) request.time_limit = std::chrono::minutes(*minutes);
  if (given(job.deadline)) request.deadline = Instant(std::chrono::seconds(std::clamp(job.deadline, kEarliest, kLatest)));
  read_options(job, request);
  request.interactive = !given(job.script) && job.script_buf == nullptr;
  request.begin_given = given(job.begin_time);
  request.reservation = given(job.reservation);
  request.dependency = given(job.dependency);
  request.held = job.priority == 0;
  request.periodic = job.crontab_entry != nullptr;
  request.default_partition = !given(job.partition);
  request.in_array = given(job.array_inx);
  request.clusters = view(job.clusters);
  request.cluster_features = given(job.cluster_features);
  request.cluster_pinned = given(job.licenses) || given(job.exc_nodes);
  // A cluster of a federation sends the job with its id and the set of clusters that may run it.
  if (const auto number = number_in(job); job.fed_siblings_viable != 0 && number != NO_VAL) {
    request.origin = number >> kFederationShift;
    request.only_here = std::has_single_bit(job.fed_siblings_viable);
  }
  request.heterogeneous =
      request.origin == 0 && job.het_job_offset != NO_VAL;  // not set in a copy; heterogeneous jobs are not federated
  request.pinned = given(job.req_nodes) || given(job.prefer) || given(job.cluster_features) || given(job.burst_buffer);
  return request;
}

void apply(const SubmitDecision& decision, job_desc_msg_t& job, char** user_message) {
  if (decision.begin) job.begin_time = static_cast<time_t>(unix_ms(*decision.begin) / 1000);
  if (!decision.partition.empty()) replace(job.partition, decision.partition);
  if (!decision.constraint.empty()) replace(job.features, decision.constraint);
  if (!decision.clusters.empty()) replace(job.clusters, decision.clusters);
  if (!decision.token.empty()) replace(job.admin_comment, decision.token.put_into(view(job.admin_comment)));
  if (!decision.message.empty() && user_message != nullptr) {
    replace(*user_message, given(*user_message) ? std::string(*user_message) + '\n' + decision.message : decision.message);
  }
}

}  // namespace carbon::plugin

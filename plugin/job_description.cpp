// SPDX-License-Identifier: Apache-2.0
#include "plugin/job_description.h"

#include <algorithm>

#include "plugin/gpu_request.h"
#include "plugin/slurm_symbols.h"

namespace carbon::plugin {
namespace {

// Bounds for times that a client sent, so that arithmetic with them stays in range.
constexpr time_t kEarliest = 0;
constexpr time_t kLatest = 100'000'000'000;  // the year 5138

constexpr std::string_view kModeOption = "_SLURM_SPANK_OPTION_carbon_carbon=";
constexpr std::string_view kDelayOption = "_SLURM_SPANK_OPTION_carbon_carbon_max_delay=";

std::string_view view(const char* text) { return text == nullptr ? std::string_view() : std::string_view(text); }
bool given(const char* text) { return text != nullptr && *text != '\0'; }
bool given(time_t t) { return t != 0 && t != static_cast<time_t>(NO_VAL); }

std::optional<std::uint32_t> count(std::uint32_t n) { return n == NO_VAL || n == INFINITE ? std::nullopt : std::optional(n); }
std::optional<std::uint32_t> count16(std::uint16_t n) {
  return n == NO_VAL16 || n == INFINITE16 ? std::nullopt : std::optional<std::uint32_t>(n);
}

GpuRequest gpu_request(const job_desc_msg_t& job) {
  return {view(job.tres_per_job),       view(job.tres_per_node),       view(job.tres_per_socket),
          view(job.tres_per_task),      count(job.min_nodes),          count(job.num_tasks),
          count16(job.ntasks_per_node), count16(job.sockets_per_node), count16(job.ntasks_per_tres)};
}

void read_options(const job_desc_msg_t& job, SubmitRequest& request) {
  if (job.spank_job_env == nullptr) return;
  for (std::uint32_t i = 0; i < job.spank_job_env_size; ++i) {
    const auto entry = view(job.spank_job_env[i]);
    if (entry.starts_with(kModeOption)) request.mode = entry.substr(kModeOption.size());
    if (entry.starts_with(kDelayOption)) request.max_delay = entry.substr(kDelayOption.size());
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
  const auto gpus = count_gpus(gpu_request(job));
  request.gpus = gpus ? std::optional(gpus->count) : std::nullopt;
  request.typed_gpus = gpus && gpus->typed;
  if (given(job.array_inx)) request.array_tasks = count_array_tasks(view(job.array_inx));
  request.unlimited = job.time_limit == INFINITE;
  if (const auto minutes = count(job.time_limit)) request.time_limit = std::chrono::minutes(*minutes);
  if (given(job.deadline)) request.deadline = Instant(std::chrono::seconds(std::clamp(job.deadline, kEarliest, kLatest)));
  read_options(job, request);
  request.interactive = !given(job.script) && job.script_buf == nullptr;
  request.begin_given = given(job.begin_time);
  request.reservation = given(job.reservation);
  request.dependency = given(job.dependency);
  request.held = job.priority == 0;
  request.heterogeneous = job.het_job_offset != NO_VAL;
  request.periodic = job.crontab_entry != nullptr;
  request.pinned = given(job.req_nodes) || given(job.features) || given(job.prefer) || given(job.cluster_features);
  return request;
}

void apply(const SubmitDecision& decision, job_desc_msg_t& job, char** user_message) {
  if (decision.begin) job.begin_time = static_cast<time_t>(unix_ms(*decision.begin) / 1000);
  if (!decision.partition.empty()) replace(job.partition, decision.partition);
  if (!decision.comment.empty()) replace(job.admin_comment, decision.comment.put_into(view(job.admin_comment)));
  if (!decision.message.empty() && user_message != nullptr) {
    replace(*user_message, given(*user_message) ? std::string(*user_message) + '\n' + decision.message : decision.message);
  }
}

}  // namespace carbon::plugin

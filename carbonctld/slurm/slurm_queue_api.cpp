// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/slurm/slurm_queue_api.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <string_view>

#include "carbonctld/slurm/slurm_federation_api.h"
#include "carbonctld/slurm/slurm_text.h"
#include "carbonctld/slurm/slurm_versions.h"
#include "core/slurm/tres.h"

extern "C" std::int32_t slurm_bit_set_count(bitstr_t* bits);  // exported, and in no header

namespace carbon::carbonctld::libslurm {
namespace {

Instant time_of(std::time_t t) {
  return t <= 0 || t >= static_cast<std::time_t>(NO_VAL) ? Instant{} : from_unix_ms(static_cast<std::int64_t>(t) * 1000);
}

std::vector<std::string> words(const char* list, char mark = ',') {
  std::vector<std::string> out;
  std::string_view rest = list ? list : "";
  while (!rest.empty()) {
    const auto end = rest.find(mark);
    if (end != 0) out.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return out;
}

// GPUs of a list that Slurm made; one that is not understood counts as none.
double count_of(const std::optional<GpuSum>& gpus) { return gpus ? gpus->count : 0; }

std::uint32_t tasks_in(const slurm_job_info_t& j) {
  if (j.array_task_str == nullptr) return 1;
  std::uint32_t n = 0;
  if (j.array_bitmap != nullptr) n = static_cast<std::uint32_t>(slurm_bit_set_count(j.array_bitmap));
  n = std::max(n, 1u);
  return j.array_max_tasks > 0 ? std::min(n, j.array_max_tasks) : n;
}

// slurmctld abbreviates a long list of tasks ("0-7,9,..."): then the whole array is addressed.
std::string id_of(const slurm_job_info_t& j) {
  if (j.array_job_id == 0) return std::to_string(j.job_id);
  const auto array = std::to_string(j.array_job_id);
  if (j.array_task_id != NO_VAL) return array + '_' + std::to_string(j.array_task_id);
  const std::string tasks = text(j.array_task_str);
  if (tasks.empty() || tasks.find("...") != std::string::npos) return array;
  return array + "_[" + tasks.substr(0, tasks.find('%')) + ']';
}

std::string first_node(const char* nodes) {
  const auto list = slurm_hostlist_create(nodes);
  if (list == nullptr) return {};
  char* const name = slurm_hostlist_shift(list);
  const auto out = text(name);
  std::free(name);
  slurm_hostlist_destroy(list);
  return out;
}

JobState state_of(const slurm_job_info_t& j) {
  if ((j.job_state & JOB_STATE_FLAGS) != 0) return JobState::kOther;
  if (j.job_state == JOB_PENDING) return JobState::kPending;
  return j.job_state == JOB_RUNNING ? JobState::kRunning : JobState::kOther;
}

bool over(const slurm_job_info_t& j) { return (j.job_state & JOB_STATE_BASE) >= JOB_COMPLETE; }

QueuedJob job_of(const slurm_job_info_t& j) {
  QueuedJob out;
  out.id = id_of(j);
  out.job_id = j.job_id;
  out.array_job_id = j.array_job_id;
  out.tasks = tasks_in(j);
  out.heterogeneous = j.het_job_id != 0;
  out.batch = j.batch_flag != 0;
  out.state = state_of(j);
  out.name = text(j.name);
  out.user = text(j.user_name);
  out.account = text(j.account);
  out.qos = text(j.qos);
  out.partition = text(j.partition);
  out.features = text(j.features);
  out.dependency = text(j.dependency);
  out.reservation = text(j.resv_name);
  if (out.state == JobState::kRunning) out.node = first_node(j.nodes);
  out.uid = j.user_id;
  const bool waits = (j.job_state & JOB_STATE_BASE) == JOB_PENDING;
  out.gpus = count_of(gpus_in_tres(text(waits ? j.tres_req_str : j.tres_alloc_str)));
  out.held = j.priority == 0;
  out.may_requeue = j.requeue != 0;
  out.priority = j.priority;
  out.nice = static_cast<std::int64_t>(j.nice) - static_cast<std::int64_t>(NICE_OFFSET);
  out.restarts = j.restart_cnt;
  out.submit = time_of(j.submit_time);
  out.begin = time_of(j.eligible_time);  // its begin time (start_time of a pending job may be the scheduler's estimate)
  out.started = out.state == JobState::kRunning ? time_of(j.start_time) : Instant{};
  out.limit = minutes_or_zero(j.time_limit);
  out.admin_comment = text(j.admin_comment);
  out.federated = !text(j.fed_origin_str).empty();
  out.stranded = out.federated && waits && (j.job_state & JOB_REVOKED) != 0 && text(j.fed_siblings_active_str).empty();
  return out;
}

// Down, or closed to new jobs. Nodes that have not registered since slurmctld's restart count by their last state.
bool closed(std::uint32_t state) {
  const auto base = state & NODE_STATE_BASE;
  if (base == NODE_STATE_DOWN || base == NODE_STATE_FUTURE) return true;
  return (state & (NODE_STATE_DRAIN | NODE_STATE_FAIL | NODE_STATE_MAINT)) != 0;
}

GpuNode node_of(const node_info_t& n) {
  GpuNode out{text(n.name), words(n.partitions), words(n.features_act ? n.features_act : n.features), 0};
  out.gpus = closed(n.node_state) ? count_of(gpus_in_gres(text(n.gres_used))) : count_of(gpus_in_gres(text(n.gres)));
  return out;
}

Status load_jobs(std::vector<QueuedJob>& jobs, const std::string& cluster) {
  job_info_msg_t* answer = nullptr;
  errno = 0;
  if (slurm_load_jobs(0, &answer, SHOW_ALL | SHOW_DETAIL | SHOW_LOCAL) != SLURM_SUCCESS) return failed("ask slurmctld for jobs");
  for (std::uint32_t i = 0; i < answer->record_count; ++i) {
    if (over(answer->job_array[i])) continue;
    jobs.push_back(job_of(answer->job_array[i]));
    jobs.back().cluster = cluster;
  }
  slurm_free_job_info_msg(answer);
  return Done{};
}

// A node's partitions are known only from the list of partitions.
Status load_nodes(std::vector<GpuNode>& nodes, const std::string& cluster) {
  partition_info_msg_t* partitions = nullptr;
  node_info_msg_t* answer = nullptr;
  errno = 0;
  if (slurm_load_partitions(0, &partitions, SHOW_ALL | SHOW_LOCAL) != SLURM_SUCCESS)
    return failed("ask slurmctld for partitions");
  const bool loaded = slurm_load_node(0, &answer, SHOW_ALL | SHOW_DETAIL | SHOW_LOCAL) == SLURM_SUCCESS;
  const auto error = loaded ? Error{} : failed("ask slurmctld for nodes");
  if (loaded) {
    slurm_populate_node_partitions(answer, partitions);
    for (std::uint32_t i = 0; i < answer->record_count; ++i) {
      auto node = node_of(answer->node_array[i]);
      node.cluster = cluster;
      if (!node.name.empty() && answer->node_array[i].gres != nullptr) nodes.push_back(std::move(node));
    }
    slurm_free_node_info_msg(answer);
  }
  slurm_free_partition_info_msg(partitions);
  if (!loaded) return error;
  return Done{};
}

// The hosts of slurmctld, the primary first. They do not change while it runs.
const std::vector<std::string>& controllers() {
  static const auto hosts = [] {
    std::vector<std::string> out;
    slurm_conf_t* conf = nullptr;
    if (slurm_load_ctl_conf(0, &conf) != SLURM_SUCCESS) return out;
    for (std::uint32_t i = 0; i < conf->control_cnt; ++i) out.push_back(text(conf->control_machine[i]));
    free_slurm_settings(conf);
    return out;
  }();
  return hosts;
}

// A standby answers pings too; the list starts with the primary.
void find_active(SlurmQueue& queue) {
  if (controllers().size() < 2) return;
  queue.controllers = controllers();
  for (std::size_t i = 0; i < queue.controllers.size() && queue.active.empty(); ++i) {
    if (slurm_ping(static_cast<int>(i)) == SLURM_SUCCESS) queue.active = queue.controllers[i];
  }
}

// For an array libslurm returns one result per task.
Status first_error(int rc, job_array_resp_msg_t* answers, const std::string& call) {
  if (rc != SLURM_SUCCESS) return failed(call);
  Status status = Done{};
  if (answers == nullptr) return status;
  for (std::uint32_t i = 0; i < answers->job_array_count && status; ++i) {
    const auto code = static_cast<int>(answers->error_code[i]);
    if (code != SLURM_SUCCESS) status = Error{"slurm: " + call + ": " + slurm_strerror(code)};
  }
  slurm_free_job_array_resp(answers);
  return status;
}

}  // namespace

Result<SlurmQueue> queue(const std::vector<std::string>& others) {
  SlurmQueue out;
  const auto asked = ask_clusters(others, [&](const ClusterAsked& cluster) -> Status {
    std::vector<QueuedJob> jobs;
    if (const auto loaded = load_jobs(jobs, cluster.name); !loaded) return loaded;
    if (const auto loaded = load_nodes(out.nodes, cluster.name); !loaded) return loaded;
    std::move(jobs.begin(), jobs.end(), std::back_inserter(out.jobs));
    if (!cluster.name.empty()) out.others.push_back(cluster.name);
    return Done{};
  });
  if (!asked) return asked.error();
  find_active(out);
  return out;
}

Status change_job(const JobChange& change) {
  auto writable = change;  // libslurm takes char*
  job_desc_msg_t job;
  slurm_init_job_desc_msg(&job);
  job.job_id_str = writable.id.data();
  if (change.begin) job.begin_time = std::chrono::floor<std::chrono::seconds>(*change.begin).time_since_epoch().count();
  if (change.partition) job.partition = writable.partition->data();
  if (change.clusters) job.clusters = writable.clusters->data();
  if (change.features) job.features = writable.features->data();
  if (change.admin_comment) job.admin_comment = writable.admin_comment->data();
  if (change.priority) job.priority = *change.priority;
  if (change.nice) job.nice = static_cast<std::uint32_t>(*change.nice + static_cast<std::int64_t>(NICE_OFFSET));
  job_array_resp_msg_t* answers = nullptr;
  errno = 0;
  const int rc = slurm_update_job2(&job, &answers);
  return first_error(rc, answers, "change job " + change.id);
}

Status signal_job(std::uint32_t job_id, int signal_number) {
  errno = 0;
  const int rc =
      call_on_job(slurm_kill_job, job_id, static_cast<std::uint16_t>(signal_number), static_cast<std::uint16_t>(KILL_FULL_JOB));
  return first_error(rc, nullptr, "signal job " + std::to_string(job_id));
}

Status requeue_job(std::uint32_t job_id) {
  errno = 0;
  return first_error(call_on_job(slurm_requeue, job_id, 0), nullptr, "requeue job " + std::to_string(job_id));
}

}  // namespace carbon::carbonctld::libslurm

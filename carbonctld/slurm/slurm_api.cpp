// SPDX-License-Identifier: Apache-2.0
#include "carbonctld/slurm/slurm_api.h"

#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <memory>
#include <sstream>

#include "carbonctld/slurm/slurm_list.h"
#include "carbonctld/slurm/slurm_queue_api.h"
#include "carbonctld/slurm/slurm_text.h"
#include "carbonctld/slurm/topology_api.h"
#include "core/slurm/tres.h"

namespace carbon::carbonctld {
namespace {

// ACCOUNTING_ENFORCE_ASSOCS and TRES_ENERGY, which no installed header has.
constexpr std::uint16_t kEnforceAssociations = 1;
constexpr int kEnergyTres = 3;

std::optional<Instant> time_or_none(std::time_t t) {
  if (t == 0 || t == static_cast<std::time_t>(NO_VAL)) return std::nullopt;
  return from_unix_ms(static_cast<std::int64_t>(t) * 1000);
}

class DbConnection {
 public:
  DbConnection() {
    std::uint16_t flags = 0;
    errno = 0;
    connection_ = slurmdb_connection_get(&flags);
  }
  ~DbConnection() {
    if (connection_) slurmdb_connection_close(&connection_);
  }
  DbConnection(const DbConnection&) = delete;
  DbConnection& operator=(const DbConnection&) = delete;
  void* get() const { return connection_; }

 private:
  void* connection_ = nullptr;
};

slurm_selected_step_t selected(std::uint32_t job_id) {
  slurm_selected_step_t s{};
  s.array_task_id = NO_VAL;
  s.het_job_offset = NO_VAL;
  s.step_id.job_id = job_id;
  s.step_id.step_id = NO_VAL;
  s.step_id.step_het_comp = NO_VAL;
  return s;
}

slurm_selected_step_t selected(const SlurmJob& job) {
  auto s = selected(job.job_id);
  if (job.array) {
    s.step_id.job_id = job.array->first;
    s.array_task_id = job.array->second;
  } else if (job.het) {
    s.step_id.job_id = job.het->first;
    s.het_job_offset = job.het->second;
  }
  return s;
}

// The ids of TRES that count GPUs, with their names ("gres/gpu", "gres/gpu:a100"); none: slurmdbd does not answer.
std::optional<std::map<std::uint32_t, std::string>> gpu_tres(void* db) {
  slurmdb_tres_cond_t all{};
  all.count = NO_VAL64;
  const SlurmList found(slurmdb_tres_get(db, &all));
  if (!found) return std::nullopt;
  std::map<std::uint32_t, std::string> ids;
  found.each<slurmdb_tres_rec_t>([&](const auto& t) {
    const auto name = text(t.name);
    if (text(t.type) == "gres" && (name == "gpu" || name.starts_with("gpu:"))) ids[t.id] = "gres/" + name;
  });
  return ids;
}

// GPUs in a job's "1=8,2=64000,1001=2".
std::uint32_t gpus_of(const std::string& allocated, const std::map<std::uint32_t, std::string>& gpu_ids) {
  std::string named;
  std::istringstream entries(allocated);
  for (std::string entry; std::getline(entries, entry, ',');) {
    const auto equals = entry.find('=');
    if (equals == std::string::npos) continue;
    const auto it = gpu_ids.find(static_cast<std::uint32_t>(std::strtoul(entry.c_str(), nullptr, 10)));
    if (it != gpu_ids.end()) named += (named.empty() ? "" : ",") + it->second + entry.substr(equals);
  }
  return gpus_in_tres(named).value_or(GpuSum{}).count;
}

// The lists do not own their items: cluster name and selections stay the caller's.
struct Condition {
  Condition(const std::string& cluster, std::vector<slurm_selected_step_t>& jobs)
      : clusters(slurm_list_create(nullptr)), steps(slurm_list_create(nullptr)), name(cluster) {
    slurm_list_append(clusters.get(), name.data());
    for (auto& j : jobs) slurm_list_append(steps.get(), &j);
    cond.cluster_list = clusters.get();
    cond.step_list = steps.get();
    cond.flags = JOBCOND_FLAG_DUP | JOBCOND_FLAG_NO_STEP | JOBCOND_FLAG_NO_TRUNC;
    cond.db_flags = SLURMDB_JOB_FLAG_NOTSET;
  }
  SlurmList clusters, steps;
  std::string name;
  slurmdb_job_cond_t cond{};
};

// As sacct names them. A requeued run has a flag in addition to its last state.
std::string state_name(std::uint32_t state) {
  constexpr std::array<const char*, JOB_END> kNames = {"PENDING",   "RUNNING",   "SUSPENDED", "COMPLETED",
                                                       "CANCELLED", "FAILED",    "TIMEOUT",   "NODE_FAIL",
                                                       "PREEMPTED", "BOOT_FAIL", "DEADLINE",  "OUT_OF_MEMORY"};
  if (state & (JOB_REQUEUE | JOB_REQUEUE_FED | JOB_REQUEUE_HOLD)) return "REQUEUED";
  if (state & JOB_SPECIAL_EXIT) return "SPECIAL_EXIT";
  if (state & JOB_REVOKED) return "REVOKED";
  const auto base = state & JOB_STATE_BASE;
  return base < kNames.size() ? kNames[base] : "";
}

// "code:signal" of a wait status; sacct shows a code of a shell that died of a signal without its 128.
std::string exit_code_text(std::uint32_t status) {
  const int s = static_cast<int>(status);
  return std::to_string(WEXITSTATUS(s) % 128) + ":" + std::to_string(WIFSIGNALED(s) ? WTERMSIG(s) : 0);
}

// The pairs are opaque, but Slurm prints them: "PrivateData            = jobs".
std::string setting(SlurmListPointer pairs, std::string_view name) {
  char* printed = nullptr;
  std::size_t size = 0;
  std::FILE* out = ::open_memstream(&printed, &size);
  if (!out) return "";
  char title[] = "";
  slurm_print_key_pairs(out, pairs, title);
  std::fclose(out);
  const std::unique_ptr<char, decltype(&std::free)> owner(printed, &std::free);
  std::istringstream lines(std::string(printed, size));
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find('=');
    if (equals == std::string::npos || !line.starts_with(name) || line[name.size()] != ' ') continue;
    const auto value = line.find_first_not_of(' ', equals + 1);
    return value == std::string::npos ? "" : line.substr(value);
  }
  return "";
}

using QosNames = std::map<std::uint32_t, std::string>;

// Empty if slurmdbd does not answer: a job's QOS is then unknown.
QosNames qos_names(void* db) {
  slurmdb_qos_cond_t all{};
  QosNames names;
  const SlurmList found(slurmdb_qos_get(db, &all));
  if (!found) return names;
  found.each<slurmdb_qos_rec_t>([&](const auto& q) { names[q.id] = text(q.name); });
  return names;
}

SlurmJob job_of(const slurmdb_job_rec_t& r, const QosNames& qos) {
  SlurmJob job;
  job.cluster = text(r.cluster);
  job.job_id = r.jobid;
  job.uid = r.uid;
  if (r.array_job_id != 0) {
    job.whole_array = r.array_task_id == NO_VAL;
    if (!job.whole_array) job.array = {r.array_job_id, r.array_task_id};
  }
  if (r.het_job_id != 0 && r.het_job_offset != NO_VAL) job.het = {r.het_job_id, r.het_job_offset};
  job.submit = from_unix_ms(static_cast<std::int64_t>(r.submit) * 1000);
  job.start = time_or_none(r.start);
  job.end = time_or_none(r.end);
  job.admin_comment = text(r.admin_comment);
  job.name = text(r.jobname);
  job.state = state_name(r.state);
  job.exit_code = exit_code_text(r.exitcode);
  if (const auto it = qos.find(r.qosid); it != qos.end()) job.qos = it->second;
  job.wckey = text(r.wckey);
  job.comment = text(r.derived_es);
  return job;
}

class LibslurmApi final : public SlurmApi {
 public:
  LibslurmApi() {
    ::setenv("SLURM_BITSTR_LEN", "0", 1);  // do not abbreviate an array's list of tasks
    slurm_init(nullptr);
  }

  Result<std::vector<SlurmJob>> find_jobs(const std::string& cluster, const std::vector<std::uint32_t>& job_ids) override {
    const DbConnection db;
    if (!db.get()) return failed("connect to slurmdbd");
    std::vector<slurm_selected_step_t> wanted;
    wanted.reserve(job_ids.size());
    for (const auto id : job_ids) wanted.push_back(selected(id));
    Condition condition(cluster, wanted);
    errno = 0;
    const SlurmList found(slurmdb_jobs_get(db.get(), &condition.cond));
    if (!found) return failed("ask slurmdbd for jobs");
    const auto qos = qos_names(db.get());
    std::vector<SlurmJob> jobs;
    found.each<slurmdb_job_rec_t>([&](const auto& r) { jobs.push_back(job_of(r, qos)); });
    return jobs;
  }

  Result<std::vector<EndedJob>> ended_jobs(const std::string& cluster, Interval ended) override {
    const DbConnection db;
    if (!db.get()) return failed("connect to slurmdbd");
    errno = 0;
    const auto gpu_ids = gpu_tres(db.get());
    if (!gpu_ids) return failed("ask slurmdbd for its TRES");
    std::vector<slurm_selected_step_t> any;
    Condition condition(cluster, any);
    condition.cond.step_list = nullptr;
    condition.cond.usage_start = static_cast<std::time_t>(unix_ms(ended.start) / 1000 - 1);  // slurmdbd may exclude either edge
    condition.cond.usage_end = static_cast<std::time_t>(unix_ms(ended.end) / 1000 + 1);
    const SlurmList found(slurmdb_jobs_get(db.get(), &condition.cond));
    if (!found) return failed("ask slurmdbd for jobs");
    const auto qos = qos_names(db.get());
    std::vector<EndedJob> jobs;
    found.each<slurmdb_job_rec_t>([&](const auto& r) {
      const auto start = time_or_none(r.start), end = time_or_none(r.end);
      if (!start || !end || *end <= *start || *end < ended.start || *end >= ended.end) return;
      auto& job = jobs.emplace_back();
      job.job_id = r.jobid;
      job.start = *start;
      job.end = *end;
      job.user = text(r.user);
      job.account = text(r.account);
      job.partition = text(r.partition);
      if (const auto it = qos.find(r.qosid); it != qos.end()) job.qos = it->second;
      job.wckey = text(r.wckey);
      job.state = state_name(r.state);
      if (!gpu_ids->empty()) job.gpus = gpus_of(text(r.tres_alloc_str), *gpu_ids);
    });
    return jobs;
  }

  Status write_summary(const SlurmJob& job, const std::string& admin_comment, std::optional<std::uint64_t> joules) override {
    const DbConnection db;
    if (!db.get()) return failed("connect to slurmdbd");
    std::vector<slurm_selected_step_t> wanted{selected(job)};
    Condition condition(job.cluster, wanted);
    condition.cond.flags =
        JOBCOND_FLAG_NO_STEP;  // without DUP: the last run; with it slurmdbd changes all runs, whatever the times
    slurmdb_job_rec_t change{};
    change.derived_ec = NO_VAL;
    std::string comment(admin_comment), energy;
    change.admin_comment = comment.data();
    if (joules) {
      energy = std::to_string(kEnergyTres) + "=" + std::to_string(*joules);
      change.tres_alloc_str = energy.data();
    }
    errno = 0;
    const SlurmList changed(slurmdb_job_modify(db.get(), &condition.cond, &change));
    if (!changed) return failed("write the summary into slurmdbd");
    if (slurm_list_count(changed.get()) == 0) return Error{"slurm: write the summary into slurmdbd: no such job"};
    if (slurmdb_connection_commit(db.get(), true) != SLURM_SUCCESS) return failed("commit in slurmdbd");
    return Done{};
  }

  Result<Topology> topology(const std::vector<std::string>& others) override { return libslurm::topology(others); }

  Result<std::vector<Association>> associations(const std::vector<std::string>& clusters) override {
    const DbConnection db;
    if (!db.get()) return failed("connect to slurmdbd");
    return libslurm::associations(db.get(), clusters);
  }

  Result<SlurmSettings> settings() override {
    slurm_conf_t* conf = nullptr;
    errno = 0;
    if (slurm_load_ctl_conf(0, &conf) != SLURM_SUCCESS) return failed("ask slurmctld for its configuration");
    const auto hides = [conf](auto bit) { return (conf->private_data & bit) != 0; };
    const SlurmSettings settings{
        conf->slurm_user_id,
        {hides(PRIVATE_DATA_JOBS), hides(PRIVATE_DATA_USAGE), hides(PRIVATE_DATA_USERS), hides(PRIVATE_DATA_ACCOUNTS)},
        (conf->accounting_storage_enforce & kEnforceAssociations) != 0};
    free_slurm_settings(conf);
    return settings;
  }

  Result<SlurmRights> rights(const std::string& user) override {
    const DbConnection db;
    if (!db.get()) return failed("connect to slurmdbd");
    SlurmRights rights;
    errno = 0;
    if (const auto pairs = slurmdbd_settings(slurmdb_config_get, db.get())) {
      const SlurmList config(*pairs);
      if (!config) return failed("ask slurmdbd for its configuration");
      rights.privacy = privacy_of(setting(config.get(), "PrivateData"));
    }
    std::string name(user);
    const SlurmList names(slurm_list_create(nullptr));
    slurm_list_append(names.get(), name.data());
    slurmdb_assoc_cond_t of_user{};
    of_user.user_list = names.get();
    slurmdb_user_cond_t condition{};
    condition.assoc_cond = &of_user;
    condition.with_coords = 1;
    errno = 0;
    const SlurmList found(slurmdb_users_get(db.get(), &condition));
    if (!found) return failed("ask slurmdbd for a user");
    found.each<slurmdb_user_rec_t>([&](const auto& r) {
      rights.operates = r.admin_level >= SLURMDB_ADMIN_OPERATOR;
      if (!r.coord_accts) return;
      each_of<slurmdb_coord_rec_t>(r.coord_accts, [&](const auto& c) { rights.coordinates.push_back(text(c.name)); });
    });
    return rights;
  }

  Result<SlurmQueue> queue(const std::vector<std::string>& others) override { return libslurm::queue(others); }
  Status change_job(const JobChange& change) override { return libslurm::change_job(change); }
  Status signal_job(std::uint32_t job_id, int signal_number) override { return libslurm::signal_job(job_id, signal_number); }
  Status requeue_job(std::uint32_t job_id) override { return libslurm::requeue_job(job_id); }
};

}  // namespace

bool takes_energy_tres() { return kTakesEnergy; }

std::unique_ptr<SlurmApi> make_libslurm_api() { return std::make_unique<LibslurmApi>(); }

}  // namespace carbon::carbonctld

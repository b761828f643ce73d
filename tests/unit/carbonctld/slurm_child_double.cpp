// SPDX-License-Identifier: Apache-2.0
// argv[1]: "answer" as a Slurm with one partition and one job; "die" and "hang" on each call, "hang at once" before; "once": one
// answer, then die.
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "carbonctld/slurm/slurm_child.h"

namespace carbon::carbonctld {
namespace {

class Double final : public SlurmApi {
 public:
  explicit Double(std::string mode) : mode_(std::move(mode)) {
    if (mode_ == "hang at once") ::pause();
  }

  Result<std::vector<SlurmJob>> find_jobs(const std::string& cluster, const std::vector<std::uint32_t>& ids) override {
    act();
    SlurmJob job;
    job.cluster = cluster;
    job.job_id = ids.at(0);
    job.array = {7, 3};
    job.submit = from_unix_ms(1'764'000'000'000);
    job.start = from_unix_ms(1'764'000'001'000);
    job.admin_comment = "JS1:x\xff \"y\"";
    job.name = "train\nlr=3e-4";
    job.state = "FAILED";
    job.exit_code = "1:0";
    job.qos = "normal";
    job.wckey = "*study";
    job.comment = "a 'comment'";
    return std::vector{job};
  }
  Result<std::vector<EndedJob>> ended_jobs(const std::string&, Interval ended) override {
    act();
    return std::vector<EndedJob>{{7, ended.start, ended.end, "ada", "nlp", "gpu", "normal", "study", "FAILED", 2},
                                 {8, ended.start, ended.end, "bob", "", "gpu", "", "", "COMPLETED", {}}};
  }
  Status write_summary(const SlurmJob& job, const std::string& comment, std::optional<std::uint64_t> joules) override {
    act();
    return Error{"job " + std::to_string(job.job_id) + " of array " + std::to_string(job.array->first) + " refused " + comment +
                 (joules ? " with " + std::to_string(*joules) + " J" : "")};
  }
  Result<std::vector<Association>> associations(const std::vector<std::string>& clusters) override {
    act();
    return std::vector<Association>{{1000, clusters.at(0), "nlp", "gpu", true}};
  }
  Result<Topology> topology(const std::vector<std::string>& others) override {
    act();
    PartitionLimits limits;
    limits.default_time = Duration(1000);
    limits.max_time = Duration(2000);
    limits.allow_accounts = {"nlp"};
    limits.open = false;
    Topology topology{{{"gpu", limits}}, {{"n1", {"gpu"}, {1, 8, 4096, {{"a100", 4}}, {"coast"}}}}};
    for (const auto& name : others) topology.federation.push_back({name, 2});
    return topology;
  }
  Result<SlurmSettings> settings() override {
    act();
    return SlurmSettings{64030, {true, false, false, false}, true};
  }
  Result<SlurmRights> rights(const std::string& user) override {
    if (user == "of 26.05") return SlurmRights{false, {}, std::nullopt};
    return SlurmRights{false, {"nlp", user}, Privacy{false, true, false, false}};
  }
  Result<SlurmQueue> queue(const std::vector<std::string>&) override {
    act();
    SlurmQueue queue;
    QueuedJob job;
    job.id = "7_[3-5]";
    job.tasks = 3;
    job.gpus = 2;
    job.begin = from_unix_ms(1'764'000'002'000);
    job.limit = std::chrono::minutes(5);
    job.admin_comment = "carbon:mode=auto";
    queue.jobs.push_back(job);
    queue.nodes.push_back({"n1", {"gpu"}, {"north"}, 4});
    return queue;
  }
  Status change_job(const JobChange& change) override {
    act();
    return Error{change.id + " " + change.partition.value_or("-") + " " + change.features.value_or("-") + " " +
                 (change.begin ? format_utc(*change.begin) : "-")};
  }
  Status signal_job(std::uint32_t job_id, int signal_number) override {
    act();
    return Error{std::to_string(job_id) + " " + std::to_string(signal_number)};
  }
  Status requeue_job(std::uint32_t job_id) override {
    act();
    return Error{std::to_string(job_id)};
  }

 private:
  void act() {
    if (mode_ == "hang") ::pause();
    if (mode_ == "die" || (mode_ == "once" && calls_++ > 0)) std::_Exit(1);
  }
  std::string mode_;
  int calls_ = 0;
};

}  // namespace
}  // namespace carbon::carbonctld

int main(int, char** argv) {
  return carbon::carbonctld::serve_slurm(carbon::carbonctld::kChildSocket,
                                         [argv] { return std::make_unique<carbon::carbonctld::Double>(argv[1]); });
}

// SPDX-License-Identifier: Apache-2.0
// argv[1]: "answer" as a Slurm with one partition and one job; "die" and "hang" on each call; "once": one answer, then die.
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "carbonctld/slurm_child.h"

namespace carbon::ctld {
namespace {

class Double final : public SlurmApi {
 public:
  explicit Double(std::string mode) : mode_(std::move(mode)) {}

  Result<std::vector<SlurmJob>> find_jobs(const std::string& cluster, const std::vector<std::uint32_t>& ids) override {
    act();
    SlurmJob job;
    job.cluster = cluster;
    job.job_id = ids.at(0);
    job.array = {7, 3};
    job.submit = from_unix_ms(1'764'000'000'000);
    job.start = from_unix_ms(1'764'000'001'000);
    job.admin_comment = "JS1:x\xff \"y\"";
    job.eligible = job.submit;
    job.name = "train\nlr=3e-4";
    job.state = "FAILED";
    job.exit_code = "1:0";
    job.qos = "normal";
    job.wckey = "*study";
    job.comment = "a 'comment'";
    return std::vector{job};
  }
  Status set_admin_comment(const SlurmJob& job, const std::string& comment) override {
    act();
    return Error{"job " + std::to_string(job.job_id) + " of array " + std::to_string(job.array->first) + " refused " + comment};
  }
  Result<std::vector<Association>> associations(const std::vector<std::string>& clusters) override {
    act();
    return std::vector<Association>{{1000, clusters.at(0), "nlp", "gpu", true}};
  }
  Result<SlurmPlaces> places() override {
    act();
    PartitionLimits limits;
    limits.default_time = Duration(1000);
    limits.max_time = Duration(2000);
    limits.allow_accounts = {"nlp"};
    limits.open = false;
    return SlurmPlaces{{{"gpu", limits}}, {{"n1", {"gpu"}, {1, 8, 4096, {{"a100", 4}}, {"coast"}}}}};
  }
  Result<SlurmSettings> settings() override {
    act();
    return SlurmSettings{64030, true, true};
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
}  // namespace carbon::ctld

int main(int, char** argv) {
  carbon::ctld::Double api(argv[1]);
  return carbon::ctld::serve_slurm(carbon::ctld::kChildSocket, api);
}

// SPDX-License-Identifier: Apache-2.0
// SlurmApi by a helper process: libslurm's fatal(), exit(), leaks and endless waits end the helper and not the daemon. The next
// call starts another helper.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "carbonctld/slurm/slurm_api.h"

namespace carbon::carbonctld {

// The child's file descriptor for requests and answers.
inline constexpr int kChildSocket = 3;

class SlurmChild final : public SlurmApi {
 public:
  // `argv`: the command to run; it must call serve_slurm(kChildSocket, ...). A call without an answer within `patience` is an
  // error.
  SlurmChild(std::vector<std::string> argv, Duration patience) : argv_(std::move(argv)), patience_(patience) {}
  ~SlurmChild() override;
  SlurmChild(const SlurmChild&) = delete;
  SlurmChild& operator=(const SlurmChild&) = delete;

  Result<std::vector<SlurmJob>> find_jobs(const std::string& cluster, const std::vector<std::uint32_t>& job_ids) override;
  Result<std::vector<EndedJob>> ended_jobs(const std::string& cluster, Interval ended) override;
  Status write_summary(const SlurmJob& job, const std::string& admin_comment, std::optional<std::uint64_t> joules) override;
  Result<std::vector<Association>> associations(const std::vector<std::string>& clusters) override;
  Result<Topology> topology(const std::vector<std::string>& others) override;
  Result<SlurmSettings> settings() override;
  Result<SlurmRights> rights(const std::string& user) override;
  Result<SlurmQueue> queue(const std::vector<std::string>& others) override;
  Status change_job(const JobChange& change) override;
  Status signal_job(std::uint32_t job_id, int signal_number) override;
  Status requeue_job(std::uint32_t job_id) override;
  // Called when the daemon ends: a waiting call has two more seconds, later ones are errors. Any thread.
  void quit() { give_up_ = Clock::now() + std::chrono::seconds(2); }
  // Children that ended, or were abandoned, during a call. Any thread.
  std::uint64_t losses() const { return losses_; }

 private:
  using Clock = std::chrono::steady_clock;

  Result<std::string> ask(const std::string& request);
  Status start();
  void end();
  bool answers(Clock::time_point deadline) const;

  std::vector<std::string> argv_;
  Duration patience_;
  std::mutex mutex_;
  pid_t pid_ = -1;
  int socket_ = -1;
  std::atomic<std::uint64_t> losses_ = 0;
  std::atomic<Clock::time_point> give_up_ = Clock::time_point::max();
};

// The child's side: answers requests until the other end closes, even while a call into the API hangs. `make` creates the API,
// which may also take long. Returns the exit status of the process.
int serve_slurm(int socket, const std::function<std::unique_ptr<SlurmApi>()>& make);

}  // namespace carbon::carbonctld

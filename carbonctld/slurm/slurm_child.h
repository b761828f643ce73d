// SPDX-License-Identifier: Apache-2.0
// A SlurmApi that does its calls in a child process, so that libslurm's fatal(), exit(), leaks and endless waits end the child
// and not the daemon: the next call starts another.
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

// The file descriptor by which a child gets its requests.
inline constexpr int kChildSocket = 3;

class SlurmChild final : public SlurmApi {
 public:
  // `argv`: what to run; it must call serve_slurm(kChildSocket, ...). A call without an answer in `patience` is an error.
  SlurmChild(std::vector<std::string> argv, Duration patience) : argv_(std::move(argv)), patience_(patience) {}
  ~SlurmChild() override;
  SlurmChild(const SlurmChild&) = delete;
  SlurmChild& operator=(const SlurmChild&) = delete;

  Result<std::vector<SlurmJob>> find_jobs(const std::string& cluster, const std::vector<std::uint32_t>& job_ids) override;
  Status write_summary(const SlurmJob& job, const std::string& admin_comment, std::optional<std::uint64_t> joules) override;
  Result<std::vector<Association>> associations(const std::vector<std::string>& clusters) override;
  Result<Topology> topology(const std::vector<std::string>& others) override;
  Result<SlurmSettings> settings() override;
  Result<SlurmRights> rights(const std::string& user) override;
  Result<SlurmQueue> queue(const std::vector<std::string>& others) override;
  Status change_job(const JobChange& change) override;
  Status signal_job(std::uint32_t job_id, int signal_number) override;
  Status requeue_job(std::uint32_t job_id) override;
  // The daemon ends: a call that waits has two seconds more, later ones are errors. Any thread.
  void quit() { give_up_ = Clock::now() + std::chrono::seconds(2); }
  // How many children ended or were given up within a call. Any thread.
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

// The child's side: answers requests until the other end closes, whatever the API does just then. `make`: the API, whose making
// may take long too. Returns the process's exit status.
int serve_slurm(int socket, const std::function<std::unique_ptr<SlurmApi>()>& make);

}  // namespace carbon::carbonctld

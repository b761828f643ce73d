// SPDX-License-Identifier: Apache-2.0
// When Slurm is asked for its list of this node's GPUs: at the start, when a file of its configuration has changed, and again and
// again, ever more rarely, while there is no answer or an open job has a position that the list does not have.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/slurm/node_gpus.h"
#include "core/time.h"

namespace carbon::inline core {

using GpuList = Result<std::vector<SlurmGpu>>;

class GpuListQuery {
 public:
  // `ask` may block; it is called on a thread of its own, which is never joined. `state_of_files`: changes when the configuration
  // does; it is called each five seconds.
  GpuListQuery(std::function<GpuList()> ask, std::function<std::string()> state_of_files);

  // Asks if it is time to. `now`: CLOCK_BOOTTIME. `missing`: an open job has a position that the list does not have.
  void step(Duration now, bool missing);
  // What has been answered since the last call.
  std::optional<GpuList> answer();

 private:
  struct Shared {
    std::mutex mutex;
    bool asking = false;
    std::optional<GpuList> answer;
  };

  std::function<GpuList()> ask_;
  std::function<std::string()> state_of_files_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::optional<std::string> asked_with_;  // state of the files
  bool failed_ = false;
  Duration next_look_{0};
  Duration next_try_{0};
  Duration wait_;
};

// Names, sizes and times of the files beside slurm.conf, and of itself.
std::string state_of_slurm_files(const std::string& slurm_conf);

}  // namespace carbon::inline core

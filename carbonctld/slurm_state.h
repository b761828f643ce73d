// SPDX-License-Identifier: Apache-2.0
// What slurmctld last said of itself. Where it does not answer, the last known stands, and the log says so once.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "carbonctld/slurm_api.h"

namespace carbon::ctld {

class SlurmState {
 public:
  explicit SlurmState(SlurmApi& slurm) : slurm_(slurm) {}  // not owned

  // Asks where it is time to: each minute, and sooner while there is no answer. True where the partitions changed.
  bool refresh(Instant now);

  // Any thread.
  std::vector<SlurmPartition> partitions() const;
  std::optional<SlurmSettings> settings() const;  // none: slurmctld has never answered
  std::string state() const;                      // "ok", or why not

 private:
  SlurmApi& slurm_;
  Instant next_{};
  mutable std::mutex mutex_;  // of what follows
  std::vector<SlurmPartition> partitions_;
  std::optional<SlurmSettings> settings_;
  std::string state_ = "not asked yet";
};

}  // namespace carbon::ctld

// SPDX-License-Identifier: Apache-2.0
// Cache of Slurm's topology and settings (slurmctld) and associations (slurmdbd). While they do not answer, the last answer stays
// in use; this is logged once.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "carbonctld/slurm/slurm_api.h"

namespace carbon::carbonctld {

class SlurmState {
 public:
  // Neither is owned. `fresh`: maximum age of an answer. `clusters`: this cluster first, then others of its federation.
  SlurmState(SlurmApi& slurmctld, SlurmApi& slurmdbd, Duration fresh, std::vector<std::string> clusters)
      : slurmctld_(slurmctld), slurmdbd_(slurmdbd), fresh_(fresh), clusters_(std::move(clusters)) {}

  // Asks for what is due; earlier after a failure. True if something changed. One thread calls it.
  bool refresh(Instant now);

  // Any thread. Never null.
  std::shared_ptr<const Topology> topology() const;
  std::shared_ptr<const std::vector<Association>> associations() const;
  std::optional<SlurmSettings> settings() const;  // none: slurmctld has not answered yet
  std::string state() const;                      // "ok", or why not

 private:
  bool refresh_topology(Instant now);
  bool refresh_associations(Instant now);

  SlurmApi &slurmctld_, &slurmdbd_;
  const Duration fresh_;
  const std::vector<std::string> clusters_;
  Instant next_topology_{}, next_associations_{};
  mutable std::mutex mutex_;  // of what follows
  std::shared_ptr<const Topology> topology_ = std::make_shared<Topology>();
  std::shared_ptr<const std::vector<Association>> associations_ = std::make_shared<std::vector<Association>>();
  std::optional<SlurmSettings> settings_;
  std::string state_ = "not asked yet";
  bool slurmdbd_answers_ = true;
};

}  // namespace carbon::carbonctld

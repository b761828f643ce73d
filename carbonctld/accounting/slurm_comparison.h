// SPDX-License-Identifier: Apache-2.0
// Compares the runs that slurmdbd knows with the ledger's, so that reports can say of how many no record came.
//
// Runs that held no GPU do not count, since nodes without GPUs need no carbond; where slurmdbd does not account for GPUs, all
// count.
#pragma once

#include <span>

#include "carbonctld/slurm/slurm_api.h"
#include "core/site.h"
#include "ledger/store/store.h"

namespace carbon::carbonctld {

class SlurmComparison {
 public:
  // None is owned; all must outlive it.
  SlurmComparison(ledger::Store& store, SlurmApi& slurm, std::string cluster, std::span<const Site> sites)
      : store_(store), slurm_(slurm), cluster_(std::move(cluster)), sites_(sites) {}

  // Asks for the runs of at most three hours: those that follow what was compared, with an overlap, as slurmctld may tell
  // slurmdbd late. The newest hour is left out, as nodes may be late too. Begins at the ledger's first run, at most 400 days ago.
  // Returns when to step again.
  Result<Duration> step(Instant now);

 private:
  Result<Instant> begin(Instant until) const;
  std::string site_of(const std::string& partition) const;

  ledger::Store& store_;
  SlurmApi& slurm_;
  const std::string cluster_;
  const std::span<const Site> sites_;
};

}  // namespace carbon::carbonctld

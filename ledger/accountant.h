// SPDX-License-Identifier: Apache-2.0
// Turns what the store holds about a job (records, intensities, Slurm's facts) into its row: energy, grams, counterfactual.
#pragma once

#include <span>
#include <vector>

#include "core/result.h"
#include "core/site.h"
#include "ledger/store.h"

namespace carbon::ledger {

class Accountant {
 public:
  // `store` is not owned.
  Accountant(Store& store, std::vector<Site> sites) : store_(store), sites_(std::move(sites)) {}

  // Accounts up to `limit` of what is due; returns how many entries of the queue it worked off, 0 when there is none.
  Result<std::size_t> run(Instant now, std::size_t limit);
  // The rows of these jobs, of those that have records; nothing is written.
  Result<std::vector<JobRow>> compute(std::span<const JobInput> inputs);

 private:
  const Site* site_of(const std::string& partition) const;
  const Site* site_named(const std::string& name) const;

  Store& store_;
  std::vector<Site> sites_;
};

}  // namespace carbon::ledger

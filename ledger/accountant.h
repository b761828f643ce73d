// SPDX-License-Identifier: Apache-2.0
// Turns what the store holds about a job (records, intensities, Slurm's facts) into its row: energy, grams, counterfactual.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/site.h"
#include "ledger/store.h"

namespace carbon::ledger {

class Accountant {
 public:
  // Features of a node, as Slurm knows them now; none where it does not know the node.
  using NodeFeatures = std::function<std::optional<std::vector<std::string>>(const std::string& node)>;

  // `store` is not owned. `features` is asked where sites share a partition.
  Accountant(Store& store, std::vector<Site> sites, NodeFeatures features = {})
      : store_(store), sites_(std::move(sites)), features_(std::move(features)) {}

  // Accounts up to `limit` of what is due; returns how many entries of the queue it worked off, 0 when there is none.
  Result<std::size_t> run(Instant now, std::size_t limit);
  // The rows of these jobs, of those that have records; nothing is written.
  Result<std::vector<JobRow>> compute(std::span<const JobInput> inputs);

 private:
  // Where a job ran: by its partition, and by its (first) node where sites share that.
  const Site* site_of(const std::string& partition, const std::string& node) const;
  const Site* site_named(const std::string& name) const;

  Store& store_;
  std::vector<Site> sites_;
  NodeFeatures features_;
};

}  // namespace carbon::ledger

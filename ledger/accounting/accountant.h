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
#include "ledger/store/store.h"

namespace carbon::ledger {

inline constexpr std::size_t kAccountedAtOnce = 16'000;  // records that come meanwhile wait for so many jobs to be written

class Accountant {
 public:
  // Features of a node, as Slurm knows them now; none where it does not know the node.
  using NodeFeatures = std::function<std::optional<std::vector<std::string>>(const std::string& node)>;

  // `store` is not owned. `features` is asked where sites share a partition.
  Accountant(Store& store, std::vector<Site> sites, NodeFeatures features = {})
      : store_(store), sites_(std::move(sites)), features_(std::move(features)) {}

  // Accounts all that is due, `limit` jobs a transaction: the next are read and computed while those before are written. Returns
  // how many jobs it worked off. One thread at a time.
  Result<std::size_t> run(Instant now, std::size_t limit = kAccountedAtOnce);
  // The rows of these jobs, of those that have records; nothing is written.
  Result<std::vector<JobRow>> compute(std::span<const JobInput> inputs);

 private:
  struct Batch {
    DueJobs due;
    std::vector<JobRow> rows;
  };
  // What is due behind the entry `after` of the queue.
  Result<Batch> read(std::size_t limit, std::int64_t after);
  // Where a job ran: by its partition, and by its (first) node where sites share that.
  const Site* site_of(const std::string& partition, const std::string& node) const;
  const Site* site_named(const std::string& name) const;

  Store& store_;
  std::vector<Site> sites_;
  NodeFeatures features_;
};

}  // namespace carbon::ledger

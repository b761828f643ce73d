// SPDX-License-Identifier: Apache-2.0
// Accounts jobs: computes the row of each (energy, grams, saving) from its records, its details in Slurm's accounting, the
// intensities, and what it was priced with: by the configuration when it is accounted for the first time, by its stored row
// later.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/site.h"
#include "ledger/accounting/saving.h"
#include "ledger/store/store.h"

namespace carbon::ledger {

inline constexpr std::size_t kAccountedAtOnce = 16'000;  // jobs in one transaction, for which new records must wait

// A row with each figure that it was computed from.
struct Explanation {
  JobRow row;
  Saving saving;
  std::optional<Transfer> transfer;
  std::vector<PartOfRun> parts;
};

class Accountant {
 public:
  // Features of a node, as Slurm knows them now; none: Slurm does not know the node.
  using NodeFeatures = std::function<std::optional<std::vector<std::string>>(const std::string& node)>;

  // `store` is not owned. `features` is called where sites share a partition.
  Accountant(Store& store, std::vector<Site> sites, NodeFeatures features = {})
      : store_(store), sites_(std::move(sites)), features_(std::move(features)) {}

  // Accounts all jobs that are due, `limit` in each transaction: the next are read and computed while those before are written.
  // Returns how many jobs there were. One thread at a time.
  Result<std::size_t> run(Instant now, std::size_t limit = kAccountedAtOnce);
  // The rows of those jobs that have records; writes nothing.
  Result<std::vector<JobRow>> compute(std::span<const JobInput> inputs);
  // One job's row, and what it was computed from; none: the job has no records. Writes nothing.
  Result<std::optional<Explanation>> explain(const JobInput& input);

 private:
  struct Batch {
    DueJobs due;
    std::vector<JobRow> rows;
  };
  // What is due after entry `after` of the queue.
  Result<Batch> read(std::size_t limit, std::int64_t after);
  // Where a job ran: by its partition, or by its (first) node if sites share the partition.
  const Site* site_of(const std::string& partition, const std::string& node) const;
  const Site* site_named(const std::string& name) const;  // in any case, and as a token has it
  void price(JobRow& row, const std::optional<JobRow>& stored, const std::string& node) const;
  void price_home(JobRow& row, const std::optional<JobRow>& stored) const;
  JobRow priced(const JobInput& input, std::span<const EnergyRecord> records) const;

  Store& store_;
  std::vector<Site> sites_;
  NodeFeatures features_;
};

}  // namespace carbon::ledger

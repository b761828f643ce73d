// SPDX-License-Identifier: Apache-2.0
// Brings each finished job's summary into Slurm's accounting: looks the job up in slurmdbd, learns the time of submission and the
// decision, has the job accounted with them, and writes the summary beside what others wrote. What does not go now (no row yet,
// slurmdbd away) stays queued in the ledger and is tried again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "carbonctld/slurm/slurm_api.h"
#include "ledger/store/store.h"

namespace carbon::carbonctld {

// What is written. kNone: the site wants no summary (comment_field = "none"), jobs are looked up for their submission alone.
// kWithEnergy: the energy is a TRES, too.
enum class SummaryKind : std::uint8_t { kNone, kComment, kWithEnergy };

class SummaryWriter {
 public:
  // None is owned. `account` works off what is due in the ledger.
  SummaryWriter(ledger::Store& store, SlurmApi& slurm, std::function<void()> account, SummaryKind kind)
      : store_(store), slurm_(slurm), account_(std::move(account)), kind_(kind) {}

  // One round over what is due; returns how many were settled. An error is one that will pass: slurmdbd or the ledger is away.
  Result<std::size_t> run(Instant now);

 private:
  Result<std::size_t> run_cluster(const std::string& cluster, const std::vector<ledger::PendingSummary>& due, Instant now);
  using Rows = std::map<ledger::JobKey, ledger::JobRow>;
  using Written = std::vector<std::pair<ledger::JobKey, std::string>>;
  // What is written, and how often summaries had been asked for when it was read (Store::asks).
  struct Learnt {
    std::uint64_t asks = 0;
    Rows rows;
  };
  // Tells the ledger what Slurm's accounting knows of the jobs; returns their rows with it.
  Result<Learnt> learn(const std::vector<ledger::PendingSummary>& due, const std::vector<SlurmJob>& found);
  // True where the job is settled; what was written is put to `written`, for the ledger to be told of all at once.
  Result<bool> settle(const ledger::PendingSummary& pending, const Rows& rows, const std::vector<SlurmJob>& found, Instant now,
                      Written& written);
  Result<bool> later(const ledger::PendingSummary& pending, Instant now, const std::string& why);

  ledger::Store& store_;
  SlurmApi& slurm_;
  std::function<void()> account_;
  SummaryKind kind_;
};

}  // namespace carbon::carbonctld

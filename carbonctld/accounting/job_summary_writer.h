// SPDX-License-Identifier: Apache-2.0
// Writes each finished job's summary into Slurm's accounting: looks the job up in slurmdbd, stores its time of submission and its
// decision in the ledger, has the job accounted with them, and adds the summary to the job's comment. What cannot be written yet
// (no row, slurmdbd away) stays queued in the ledger and is tried again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "carbonctld/slurm/slurm_api.h"
#include "ledger/store/store.h"

namespace carbon::carbonctld {

// What is written. kNone: no summary (comment_field = "none"); jobs are looked up only for their details. kWithEnergy: the energy
// as a TRES, too.
enum class SummaryKind : std::uint8_t { kNone, kComment, kWithEnergy };

class SummaryWriter {
 public:
  // None is owned. `account` accounts all jobs that are due in the ledger.
  SummaryWriter(ledger::Store& store, SlurmApi& slurm, std::function<void()> account, SummaryKind kind)
      : store_(store), slurm_(slurm), account_(std::move(account)), kind_(kind) {}

  // One round over the summaries that are due; returns how many were finished (written or dropped). An error is temporary:
  // slurmdbd or the ledger does not answer.
  Result<std::size_t> run(Instant now);

 private:
  Result<std::size_t> run_cluster(const std::string& cluster, const std::vector<ledger::PendingSummary>& due, Instant now);
  using Rows = std::map<ledger::JobKey, ledger::JobRow>;
  // Which run in slurmdbd a run of the ledger is.
  using Matches = std::map<ledger::JobKey, const SlurmJob*>;
  using Written = std::vector<std::pair<ledger::JobKey, std::string>>;
  // The rows, and Store::summary_requests() before they were read.
  struct AccountedRows {
    std::uint64_t requests = 0;
    Rows rows;
    Matches matches;
  };
  // Stores the details from Slurm's accounting and accounts the jobs with them.
  Result<AccountedRows> account_with_details(const std::vector<ledger::PendingSummary>& due, const std::vector<SlurmJob>& found);
  // True if the summary is finished. A summary that was written is appended to `written`, for one update of the ledger.
  Result<bool> finish(const ledger::PendingSummary& pending, const AccountedRows& accounted, const std::vector<SlurmJob>& found,
                      Instant now, Written& written);
  // A run of the ledger and one of slurmdbd that fit each other's time best, of those of their id.
  static Matches matches(const Rows& rows, const std::vector<SlurmJob>& found);
  Result<bool> postpone(const ledger::PendingSummary& pending, Instant now, const std::string& why);

  ledger::Store& store_;
  SlurmApi& slurm_;
  std::function<void()> account_;
  SummaryKind kind_;
};

}  // namespace carbon::carbonctld
